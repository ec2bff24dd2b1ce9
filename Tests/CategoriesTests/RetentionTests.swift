import Catalog
import Categories
import Foundation
import Records
import RocksDB
import Synchronization
import Testing

@Suite struct RetentionTests {
    let fixture: LogFixture
    let letters = LogFixture.letters

    init() throws {
        fixture = try LogFixture()
    }

    /// Random, so that it takes on the disk what it takes in memory.
    private static let incompressible: [UInt8] = (0..<(256 << 10) / 8).flatMap { _ in
        withUnsafeBytes(of: UInt64.random(in: 0...UInt64.max)) { [UInt8]($0) }
    }

    private func fill(_ store: CategoryStore, megabytes: Int) throws {
        let records = BucketRecords(bucket: 0, records: [NewRecord(value: Self.incompressible)])
        for index in 0..<megabytes * 4 {
            fixture.set(1000 + Int64(index) * 10)
            try store.append([records], to: letters)
        }
    }

    private func count(_ store: CategoryStore, from offset: Int64) throws -> Int {
        try store.read(
            category: letters.id, bucket: 0, from: offset, maximumRecords: .max, maximumBytes: .max
        ).count
    }

    @Test func theOldestSpansGoAndOffsetsGoOn() throws {
        var store = try fixture.open()
        try fill(store, megabytes: 10)
        let kept = try #require(letters.retention?.bytes)
        let start = store.start(category: letters.id, bucket: 0)
        #expect(start > 0)
        #expect(store.end(category: letters.id, bucket: 0) == 40)
        #expect(store.byteCount(category: letters.id) >= Int(kept))
        #expect(store.byteCount(category: letters.id) < Int(kept) + (3 << 20))
        let error = #expect(throws: CategoriesError.self) { try store.texts(0, of: letters, from: start - 1) }
        #expect(error?.code == .outOfRange)
        #expect(try count(store, from: start) == Int(40 - start))
        let midway = 1000 + (start + 10) * 10 - 5
        #expect(try store.offset(category: letters.id, bucket: 0, atOrAfter: midway) == start + 10)
        #expect(try store.offset(category: letters.id, bucket: 0, atOrAfter: 0) == start)
        store.close()

        #expect(try Database.familyNames(at: fixture.logDirectory).count <= 8)
        store = try fixture.open()
        #expect(store.start(category: letters.id, bucket: 0) == start)
        #expect(store.end(category: letters.id, bucket: 0) == 40)
        #expect(try count(store, from: start) == Int(40 - start))
        store.close()
    }

    @Test func aBucketOfWhichNothingIsKeptStillEndsWhereItDid() throws {
        let both = CategoryEntry(
            id: 3, name: "both", bucketCount: 2, retention: Retention(bytes: 1 << 20), sql: "")
        try fixture.catalog.update { try $0.put(both) }
        var store = try fixture.open()
        try store.append([records(1, ["early"])], to: both)
        for _ in 0..<14 {
            try store.append([BucketRecords(bucket: 0, records: [NewRecord(value: Self.incompressible)])], to: both)
        }
        for _ in 0..<2 {
            #expect(store.start(category: both.id, bucket: 1) == 1)
            #expect(store.end(category: both.id, bucket: 1) == 1)
            #expect(try store.texts(1, of: both, from: 1) == [])
            store.close()
            store = try fixture.open()
        }
        #expect(try store.append([records(1, ["late"])], to: both).map(\.start) == [1])
        #expect(try store.texts(1, of: both, from: 1) == ["late"])
        store.close()
    }

    // MARK: By time

    private static let hour: Int64 = 3600 * 1_000_000
    private let timed = CategoryEntry(
        id: 4, name: "timed", bucketCount: 2, retention: Retention(microseconds: 8 * RetentionTests.hour), sql: "")

    /// A record an hour in bucket 0.
    private func fill(_ store: CategoryStore, hours: Range<Int64>) throws {
        for hour in hours {
            fixture.set(hour * Self.hour)
            try store.append([records(0, ["\(hour)"])], to: timed)
        }
    }

    @Test func whatIsTooOldGoesWithItsSpanAndTimesAreFoundAmongMany() throws {
        try fixture.catalog.update { [timed] in try $0.put(timed) }
        var store = try fixture.open()
        try store.append([records(1, ["early"])], to: timed)
        try fill(store, hours: 1..<30)
        for _ in 0..<2 {
            // A span is of two hours: eight hours are kept, and no more than two beyond.
            let start = store.start(category: timed.id, bucket: 0)
            #expect((18...20).contains(start), "\(start)")
            #expect(store.end(category: timed.id, bucket: 0) == 29)
            #expect(try store.texts(0, of: timed, from: start).first == "\(start + 1)")
            #expect(store.start(category: timed.id, bucket: 1) == 1)
            for hour in start + 1..<30 {
                for microseconds in [hour * Self.hour, hour * Self.hour - 1, hour * Self.hour - Self.hour + 1] {
                    #expect(try store.offset(category: timed.id, bucket: 0, atOrAfter: microseconds) == hour - 1)
                }
            }
            #expect(try store.offset(category: timed.id, bucket: 0, atOrAfter: 0) == start)
            #expect(try store.offset(category: timed.id, bucket: 0, atOrAfter: 30 * Self.hour) == 29)
            #expect(try store.offset(category: timed.id, bucket: 1, atOrAfter: 0) == 1)
            store.close()
            store = try fixture.open()
        }
        let families = try {
            store.close()
            return try Database.familyNames(at: fixture.logDirectory)
        }()
        #expect(families.filter { $0.hasPrefix("c4.") }.count <= 6)
    }

    @Test func whatIsTooOldGoesThoughNothingIsAppended() throws {
        try fixture.catalog.update { [timed] in try $0.put(timed) }
        var store = try fixture.open()
        try fill(store, hours: 1..<4)
        fixture.set(11 * Self.hour)
        store.tidy()
        #expect(store.start(category: timed.id, bucket: 0) < 3)
        fixture.set(12 * Self.hour)
        store.tidy()
        store.tidy()
        for _ in 0..<2 {
            #expect(store.start(category: timed.id, bucket: 0) == 3)
            #expect(store.end(category: timed.id, bucket: 0) == 3)
            store.close()
            store = try fixture.open()
        }
        let error = #expect(throws: CategoriesError.self) { try store.texts(0, of: timed, from: 2) }
        #expect(error?.code == .outOfRange)
        #expect(
            error?.message
                == "retention has dropped what category timed bucket 0 had at offset 2: it begins at 3 now")
        try fill(store, hours: 13..<14)
        #expect(try store.texts(0, of: timed, from: 3) == ["13"])
        store.close()
        #expect(try Database.familyNames(at: fixture.logDirectory).filter { $0.hasPrefix("c4.") }.count == 1)
    }

    // MARK: What somebody needs

    @Test func nothingThatSomebodyNeedsIsDropped() throws {
        try fixture.catalog.update { [timed] in try $0.put(timed) }
        let needed = Mutex<[Int: Int64]?>([0: 5])
        let store = try fixture.open(neededPositions: { _ in needed.withLock { $0 } })
        try fill(store, hours: 1..<30)
        #expect((4...5).contains(store.start(category: timed.id, bucket: 0)))
        #expect(try store.texts(0, of: timed, from: 5, records: 1) == ["6"])
        needed.withLock { $0 = [0: 29, 1: 0] }
        store.tidy()
        #expect(store.start(category: timed.id, bucket: 0) >= 18)
        // As long as nobody knows, nothing goes; nor before the last record is read.
        fixture.set(100 * Self.hour)
        for unknown in [nil, [0: 28]] as [[Int: Int64]?] {
            needed.withLock { $0 = unknown }
            store.tidy()
            #expect(store.start(category: timed.id, bucket: 0) < 29)
        }
        needed.withLock { $0 = [0: 29] }
        store.tidy()
        #expect(store.start(category: timed.id, bucket: 0) == 29)
        store.close()
    }

    @Test func spansStayFewWhileSomebodyHoldsRetentionBack() throws {
        try fixture.catalog.update { [timed] in try $0.put(timed) }
        let store = try fixture.open(neededPositions: { _ in nil })
        try fill(store, hours: 1..<200)
        store.close()
        #expect(try Database.familyNames(at: fixture.logDirectory).filter { $0.hasPrefix("c4.") }.count <= 16)
    }

    @Test func sizeWaitsForWhoeverNeedsItToo() throws {
        let needed = Mutex<[Int: Int64]?>([0: 3])
        let store = try fixture.open(neededPositions: { _ in needed.withLock { $0 } })
        try fill(store, megabytes: 10)
        #expect(store.start(category: letters.id, bucket: 0) <= 3)
        needed.withLock { $0 = [0: 40] }
        store.tidy()
        #expect(store.start(category: letters.id, bucket: 0) > 10)
        store.close()
    }
}
