import Catalog
import Categories
import Foundation
import Records
import RocksDB
import Synchronization
import Testing

@Suite struct AcknowledgementTests {
    let fixture: LogFixture
    let store: CategoryStore
    let clicks = LogFixture.clicks
    let quick = CategoryEntry(id: 3, name: "quick", bucketCount: 2, acknowledgement: .written, sql: "")

    init() throws {
        fixture = try LogFixture()
        try fixture.catalog.update { [quick] in try $0.put(quick) }
        store = try fixture.open()
    }

    /// Where bucket 0 ended for readers when the append was answered.
    private func endWhenAnswered(_ category: CategoryEntry) throws -> Int64 {
        let end = Mutex<Int64>(-1)
        let done = DispatchSemaphore(value: 0)
        store.append([records(0, ["x"])], to: category) { [store] _ in
            end.withLock { $0 = store.end(category: category.id, bucket: 0) }
            done.signal()
        }
        done.wait()
        return end.withLock { $0 }
    }

    @Test func whatIsWrittenIsAnsweredBeforeReadersSeeIt() throws {
        #expect(try endWhenAnswered(quick) == 0)
        #expect(try endWhenAnswered(clicks) == 1)
        // The sync followed before the writer took the next append.
        #expect(try store.texts(0, of: quick) == ["x"])
        store.close()
    }

    @Test func whatCouldNotBeSyncedIsNeverSeen() throws {
        try store.append([records(0, ["a"])], to: quick)
        store.failNextSync(with: RocksDBError(.ioError, "cannot sync"))
        let producer = ProducerSequence(id: [1], epoch: 0, numbering: .append(1))
        let lost = try store.append([records(0, ["lost"]), records(1, ["lost"])], to: quick, producer: producer)
        #expect(lost.map(\.start) == [1, 0])
        let next = try store.append([records(0, ["b"])], to: quick)
        #expect(next.map(\.start) == [1])
        #expect(try store.append([records(1, ["again"])], to: quick, producer: producer).map(\.end) == [1])
        try store.append([records(0, ["c"])], to: clicks)
        #expect(try store.texts(0, of: quick) == ["a", "b"])
        #expect(try store.texts(1, of: quick) == ["again"])
        store.close()
        let reopened = try fixture.open()
        #expect(try reopened.texts(0, of: quick) == ["a", "b"])
        #expect(try reopened.texts(1, of: quick) == ["again"])
        reopened.close()
    }

    @Test func aGroupOfBothKindsAnswersEachAsItsCategoryAsks() async throws {
        // The first answer holds the writer up, so that the two after it come in one group.
        let held = DispatchSemaphore(value: 0)
        store.append([records(1, ["first"])], to: clicks) { _ in held.wait() }
        store.failNextSync(with: RocksDBError(.ioError, "cannot sync"))
        let results = Mutex<[String: CategoriesError.Code?]>([:])
        let done = DispatchGroup()
        for category in [clicks, quick] {
            done.enter()
            store.append([records(0, ["lost"])], to: category) { result in
                var code: CategoriesError.Code?
                if case .failure(let error) = result { code = error.code }
                results.withLock { $0[category.name] = .some(code) }
                done.leave()
            }
        }
        held.signal()
        await withCheckedContinuation { continuation in done.notify(queue: .global()) { continuation.resume() } }
        #expect(results.withLock { $0 } == ["clicks": .storage, "quick": nil])
        for category in [clicks, quick] {
            #expect(try store.append([records(0, ["kept"])], to: category).map(\.start) == [0])
        }
        try store.append([records(1, ["second"])], to: clicks)
        for category in [clicks, quick] { #expect(try store.texts(0, of: category) == ["kept"]) }
        store.close()
    }
}
