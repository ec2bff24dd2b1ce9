import Catalog
import Categories
import Foundation
import Records
import RocksDB
import Synchronization
import Testing

@Suite struct AppendTests {
    let fixture: LogFixture
    let store: CategoryStore
    let clicks = LogFixture.clicks

    init() throws {
        fixture = try LogFixture()
        store = try fixture.open()
    }

    @Test func offsetsAreDenseInEachBucket() throws {
        let first = try store.append([records(0, ["a", "b"]), records(3, ["c"])], to: clicks)
        #expect(first.map(\.bucket) == [0, 3])
        #expect(first.map(\.start) == [0, 0])
        #expect(first.map(\.end) == [2, 1])
        #expect(first.map(\.appendTime) == [1000, 1000])
        let second = try store.append([records(0, ["d"]), records(0, ["e"])], to: clicks)
        #expect(second.map(\.start) == [2, 3])
        #expect(try store.texts(0) == ["a", "b", "d", "e"])
        #expect(try store.texts(3) == ["c"])
        #expect(try store.texts(1) == [])
        #expect(store.end(category: clicks.id, bucket: 0) == 4)
        #expect(store.start(category: clicks.id, bucket: 0) == 0)
    }

    @Test func keysAndHeadersComeBackAsTheyWere() throws {
        let written = [
            NewRecord(value: [1]), NewRecord(key: [], value: []),
            NewRecord(
                key: [7, 8], value: [9],
                headers: [RecordHeader(name: "reason", value: [1, 2]), RecordHeader(name: "", value: [])]),
            NewRecord(key: nil, value: [3], headers: [RecordHeader(name: "é", value: [])]),
        ]
        try store.append([BucketRecords(bucket: 1, records: written)], to: clicks)
        for start in 0..<4 {
            let read = try store.read(
                category: clicks.id, bucket: 1, from: Int64(start), maximumRecords: 10, maximumBytes: 1 << 20)
            let records = (0..<read.count).map { index in
                NewRecord(
                    key: read.hasKey[index] ? Array(read.keys[index]) : nil, value: Array(read.values[index]),
                    headers: read.headers(of: index))
            }
            #expect(records == Array(written[start...]))
        }
    }

    /// `isTogether`: in one record batch.
    @Test(arguments: [true, false])
    func headersStayWithTheirRecordsAmongThoseThatHaveNone(isTogether: Bool) throws {
        let headers = [[], [RecordHeader(name: "n", value: [1])], [], [RecordHeader(name: "m", value: [2])]]
        let parts = headers.enumerated().map { index, headers in
            BucketRecords(
                bucket: 0,
                records: [NewRecord(value: [UInt8(index)], headers: headers), NewRecord(value: [UInt8(index)])])
        }
        if isTogether {
            try store.append(parts, to: clicks)
        } else {
            for part in parts { try store.append([part], to: clicks) }
        }
        let read = try store.read(category: clicks.id, bucket: 0, from: 0, maximumRecords: 100, maximumBytes: 1 << 20)
        #expect((0..<read.count).map { Array(read.values[$0]) } == (0..<8).map { [UInt8($0 / 2)] })
        #expect((0..<read.count).map { read.headers(of: $0) } == headers.flatMap { [$0, []] })
    }

    @Test func readsStopAtTheirLimitsAndGoOnInsideABatch() throws {
        try store.append([records(0, (0..<1000).map { "record \($0)" })], to: clicks)
        try store.append([records(0, (1000..<1500).map { "record \($0)" })], to: clicks)
        #expect(try store.texts(0, from: 0, records: 3) == ["record 0", "record 1", "record 2"])
        // A batch is not begun when half of what was asked for is there.
        #expect(try store.texts(0, from: 998, records: 4) == ["record 998", "record 999"])
        #expect(try store.texts(0, from: 1499) == ["record 1499"])
        #expect(try store.texts(0, from: 1500) == [])
        #expect(try store.texts(0, from: 5, bytes: 17).count == 2)
        #expect(try store.texts(0, from: 5, bytes: 1).count == 1)
        #expect(try store.texts(0).count == 1500)
        var read: [String] = []
        while read.count < 1500 { read += try store.texts(0, from: Int64(read.count), records: 77) }
        #expect(read == (0..<1500).map { "record \($0)" })
    }

    @Test func largeAppendsAreReadAcrossBatches() throws {
        let values = (0..<40).map { String(repeating: "\($0)", count: 50_000) }
        try store.append([records(0, values)], to: clicks)
        #expect(try store.texts(0) == values)
        #expect(try store.texts(0, from: 39) == [values[39]])
    }

    @Test func offsetsThatAreNotThereAreOutOfRange() throws {
        try store.append([records(0, ["a"])], to: clicks)
        for offset in [Int64(-1), 2] {
            let error = #expect(throws: CategoriesError.self) { try store.texts(0, from: offset) }
            #expect(error?.code == .outOfRange)
        }
        let error = #expect(throws: CategoriesError.self) {
            try store.read(category: 99, bucket: 0, from: 0, maximumRecords: 1, maximumBytes: 1)
        }
        #expect(error?.code == .notFound)
        #expect(store.end(category: 99, bucket: 0) == 0)
    }

    @Test func aBucketThatTheCategoryHasNotIsRefused() throws {
        let error = #expect(throws: CategoriesError.self) {
            try store.append([records(0, ["a"]), records(4, ["b"])], to: clicks)
        }
        #expect(error?.code == .invalidArgument)
        #expect(try store.texts(0) == [])
    }

    @Test func anEmptyAppendIsAnsweredWithWhereTheBucketStands() throws {
        try store.append([records(0, ["a"])], to: clicks)
        let ranges = try store.append([records(0, [])], to: clicks)
        #expect(ranges.map(\.start) == [1])
        #expect(ranges.map(\.end) == [1])
        #expect(try store.append([], to: clicks).isEmpty)
    }

    @Test func appendTimesNeverFall() throws {
        for time in [Int64(1000), 3000, 2000, 4000] {
            fixture.set(time)
            try store.append([records(0, ["at \(time)"])], to: clicks)
        }
        let read = try store.read(
            category: clicks.id, bucket: 0, from: 0, maximumRecords: 10, maximumBytes: 1 << 20)
        #expect(read.appendTimes == [1000, 3000, 3000, 4000])
    }

    @Test func timesAreFound() throws {
        for time in stride(from: Int64(0), to: 1000, by: 10) {
            fixture.set(time)
            try store.append([records(0, ["a", "b", "c"])], to: clicks)
        }
        func offset(_ time: Int64, bucket: Int = 0) throws -> Int64 {
            try store.offset(category: clicks.id, bucket: bucket, atOrAfter: time)
        }
        #expect(try offset(.min) == 0)
        #expect(try offset(0) == 0)
        #expect(try offset(1) == 3)
        #expect(try offset(10) == 3)
        #expect(try offset(505) == 153)
        #expect(try offset(990) == 297)
        #expect(try offset(991) == 300)
        #expect(try offset(5, bucket: 1) == 0)
    }

    @Test func listenersHearOfNewEndsUntilTheyAreRemoved() async throws {
        let (calls, caller) = AsyncStream<Void>.makeStream()
        let token = store.addListener { caller.yield() }
        try store.append([records(0, ["a"])], to: clicks)
        var iterator = calls.makeAsyncIterator()
        #expect(await iterator.next() != nil)
        #expect(store.end(category: clicks.id, bucket: 0) == 1)
        store.removeListener(token)
        caller.finish()
        try store.append([records(0, ["b"])], to: clicks)
    }

    @Test func manyAppendersAtOnceLoseNothingAndKeepTheirOwnOrder() async throws {
        let ranges = try await withThrowingTaskGroup(of: [AppendedRange].self) { group in
            for appender in 0..<8 {
                group.addTask { [store, clicks] in
                    var ranges: [AppendedRange] = []
                    for i in 0..<50 {
                        ranges += try await withCheckedThrowingContinuation { continuation in
                            store.append(
                                [records(appender % 2, ["\(appender) \(i) a", "\(appender) \(i) b"])], to: clicks
                            ) {
                                continuation.resume(with: $0)
                            }
                        }
                    }
                    return ranges
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        for bucket in 0..<2 {
            let taken = ranges.filter { $0.bucket == bucket }.sorted { $0.start < $1.start }
            #expect(taken.first?.start == 0)
            #expect(zip(taken, taken.dropFirst()).allSatisfy { $0.end == $1.start })
            #expect(store.end(category: clicks.id, bucket: bucket) == 400)
            let read = try store.texts(bucket)
            for appender in stride(from: bucket, to: 8, by: 2) {
                let own = read.filter { $0.hasPrefix("\(appender) ") }
                #expect(own == (0..<50).flatMap { ["\(appender) \($0) a", "\(appender) \($0) b"] })
            }
        }
    }

    @Test func whatGathersWhileTheDiskWorksIsWrittenAtOnce() async throws {
        // The first answer holds the writer up, so that everything after it gathers.
        let held = DispatchSemaphore(value: 0)
        store.append([records(0, ["first"])], to: clicks) { _ in held.wait() }
        let times = Mutex<Set<Int64>>([])
        let done = DispatchGroup()
        for i in 0..<100 {
            done.enter()
            fixture.set(5000 + Int64(i))
            store.append([records(0, ["\(i)"])], to: clicks) { result in
                for range in (try? result.get()) ?? [] { _ = times.withLock { $0.insert(range.appendTime) } }
                done.leave()
            }
        }
        fixture.set(9000)
        held.signal()
        await withCheckedContinuation { continuation in done.notify(queue: .global()) { continuation.resume() } }
        #expect(times.withLock { $0.count } <= 2)
        #expect(try store.texts(0) == ["first"] + (0..<100).map(String.init))
    }

    @Test func tooMuchThatWaitsIsRefusedAsOverloaded() async throws {
        let small = try fixture.open(fixture.directory + "/small", waitingBytes: 1000)
        let held = DispatchSemaphore(value: 0)
        small.append([records(0, ["first"])], to: clicks) { _ in held.wait() }
        let codes = Mutex<[CategoriesError.Code?]>([])
        let done = DispatchGroup()
        for _ in 0..<5 {
            done.enter()
            small.append([records(0, [String(repeating: "x", count: 400)])], to: clicks) { result in
                var code: CategoriesError.Code?
                if case .failure(let error) = result { code = error.code }
                codes.withLock { $0.append(code) }
                done.leave()
            }
        }
        #expect(codes.withLock { $0.allSatisfy { $0 == .overloaded } && $0.count >= 3 })
        held.signal()
        await withCheckedContinuation { continuation in done.notify(queue: .global()) { continuation.resume() } }
        try small.append([records(0, ["again"])], to: clicks)
        let error = #expect(throws: CategoriesError.self) {
            try small.append([records(0, [String(repeating: "x", count: 1001)])], to: clicks)
        }
        #expect(error?.code == .invalidArgument)
        small.close()
    }

    @Test func closingAnswersWhatWaitsAndRefusesTheRest() throws {
        let answered = Mutex(0)
        for i in 0..<20 {
            store.append([records(0, ["\(i)"])], to: clicks) { result in
                if case .success = result { answered.withLock { $0 += 1 } }
            }
        }
        store.close()
        store.close()
        #expect(answered.withLock { $0 } == 20)
        let appending = #expect(throws: CategoriesError.self) { try store.append([records(0, ["late"])], to: clicks) }
        #expect(appending?.code == .unavailable)
        let reading = #expect(throws: CategoriesError.self) { try store.texts(0) }
        #expect(reading?.code == .unavailable)
    }
}
