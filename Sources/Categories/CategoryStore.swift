package import Catalog
internal import Foundation
package import RocksDB
internal import Synchronization

/// By bucket, the least offset of a category that somebody still needs, whom retention waits for; a bucket that nobody needs is
/// absent. nil where that is not known, and nothing may be dropped.
package typealias NeededPositions = @Sendable (_ category: UInt32) -> [Int: Int64]?

/// The embedded log: every category's records, in one RocksDB store of its own.
///
/// A record is there for readers once it is synced, and an append is answered then. Reading is synchronous, from any
/// thread. Appends, listeners and the answers to appends run on the writer's thread, which they must not hold up.
package final class CategoryStore: Sendable {
    /// Appends that wait, together; beyond it they are refused as overloaded.
    package static let waitingBytes = 64 << 20
    /// What one write takes at most.
    private static let groupBytes = 8 << 20

    let published: PublishedLogs
    let catalog: CatalogStore
    private let queue: AppendQueue
    private let writer: LogWriter
    private let isClosed = Mutex(false)

    /// Opens the log in a directory of its own, or makes it. What it holds of categories that the catalog does not name
    /// goes. `neededPositions` is asked on the writer's thread before anything is dropped, and must not call the store but for
    /// where buckets stand. `clock` gives microseconds since 1970.
    package init(
        directory: String, catalog: CatalogStore, memoryBytes: Int, waitingBytes: Int = CategoryStore.waitingBytes,
        neededPositions: @escaping NeededPositions = { _ in [:] },
        clock: @escaping @Sendable () -> Int64 = CategoryStore.systemClock
    ) throws(CategoriesError) {
        queue = AppendQueue(greatestBytes: waitingBytes, greatestGroupBytes: Self.groupBytes)
        writer = try LogWriter(
            directory: directory, memoryBytes: memoryBytes, queue: queue,
            categories: { catalog.snapshot.categories }, neededPositions: neededPositions, clock: clock)
        published = writer.published
        self.catalog = catalog
        writer.start()
    }

    deinit {
        close()
    }

    package static let systemClock: @Sendable () -> Int64 = {
        Int64(Date().timeIntervalSince1970 * 1_000_000)
    }

    /// Appends all of the records or none of them, but for those that `producer` says have landed before. `completion` runs
    /// on the writer's thread once they are synced, or only written where the category asks for no more, with one range for each
    /// of `records`, in their order; what is refused at once is answered on the caller's. An append of which all has landed before
    /// is answered with an empty range for each of the category's buckets, where it ends now.
    package func append(
        _ records: [BucketRecords], to category: CategoryEntry, producer: ProducerSequence? = nil,
        completion: @escaping @Sendable (Result<[AppendedRange], CategoriesError>) -> Void
    ) {
        do throws(CategoriesError) {
            for records in records where !(0..<category.bucketCount).contains(records.bucket) {
                throw CategoriesError(
                    .invalidArgument,
                    "\(category.name) has \(category.bucketCount) buckets, and so none numbered \(records.bucket)")
            }
            try producer?.check(records)
            let pending = PendingAppend(category: category, work: .append(records, producer)) { result in
                completion(result.map(\.ranges))
            }
            try queue.add(pending)
        } catch {
            completion(.failure(error))
        }
    }

    /// To be called before an append of a client, with the bytes of its keys and values: where the category's quota is used up it
    /// throws `overloaded`, and says when to try again. What the server itself appends is not held up.
    package func admit(_ byteCount: Int, to category: CategoryEntry) throws(CategoriesError) {
        try writer.meters.admit(byteCount, to: category, now: writer.clock())
    }

    // MARK: Producers

    /// Begins the producer's next epoch in the category, which ends those before: the epochs begin at 1. `completion` runs on the
    /// writer's thread once no power loss can take it back, or on the caller's where it is refused at once.
    package func openProducer(
        _ id: [UInt8], of category: CategoryEntry,
        completion: @escaping @Sendable (Result<UInt32, CategoriesError>) -> Void
    ) {
        do throws(CategoriesError) {
            try ProducerSequence.check(id: id)
            try queue.add(PendingAppend(category: category, work: .openProducer(id)) { completion($0.map(\.epoch)) })
        } catch {
            completion(.failure(error))
        }
    }

    /// As above, and waits for it. Not to be called on the writer's thread.
    package func openProducer(_ id: [UInt8], of category: CategoryEntry) throws(CategoriesError) -> UInt32 {
        let answer = Mutex<Result<UInt32, CategoriesError>?>(nil)
        let answered = DispatchSemaphore(value: 0)
        openProducer(id, of: category) { result in
            answer.withLock { $0 = result }
            answered.signal()
        }
        answered.wait()
        guard let result = answer.withLock({ $0 }) else {
            throw CategoriesError(.unavailable, "the log did not answer")
        }
        return try result.get()
    }

    /// The producer's epoch in the category and the highest sequence that has landed in it, -1 where none has; nil where the log
    /// knows nothing of it.
    package func producerState(id: [UInt8], category: UInt32) -> (epoch: UInt32, highest: Int64)? {
        writer.state.withLock { state in
            state.producers[ProducerKey(category: category, id: id)].map { ($0.epoch, $0.highest) }
        }
    }

    // MARK: Where buckets stand

    /// One past the last record that readers see; 0 where there is no such category or bucket.
    package func end(category: UInt32, bucket: Int) -> Int64 {
        published.end(category: category, bucket: bucket)
    }

    /// The moment up to which somebody who has applied a bucket's records before `offset` has applied all there is: whatever was
    /// answered to an appender before it is among them. That is `now` where no record is left; else when the first that is left was
    /// appended, or, where nobody remembers, when the last was that is applied. Nothing is read for it. `now` and `offset` are to be
    /// older than the call.
    package func freshness(
        category: UInt32, bucket: Int, appliedBefore offset: Int64, lastAppendTime: Int64, now: Int64
    ) -> Int64 {
        let (end, arrival) = published.arrival(category: category, bucket: bucket, offset: offset)
        return offset >= end ? now : min(now, max(lastAppendTime, arrival ?? 0))
    }

    /// The first record that is kept, or the end where none is.
    package func start(category: UInt32, bucket: Int) -> Int64 {
        published.log(of: category)?.start(ofBucket: bucket) ?? 0
    }

    /// The append time from which on every record is kept: right after that of the last one that retention dropped; the least
    /// there is where it dropped none.
    package func keptSince(category: UInt32, bucket: Int) -> Int64 {
        guard bucket >= 0, let start = published.log(of: category)?.spans.first?.start(ofBucket: bucket),
            start.offset > 0
        else { return .min }
        return start.appendTime + 1
    }

    /// About what the category takes on the disk.
    package func byteCount(category: UInt32) -> Int {
        published.log(of: category)?.spans.reduce(0) { $0 + $1.byteCount } ?? 0
    }

    package func figures(category: UInt32) -> CategoryFigures {
        writer.meters.figures(of: category, now: writer.clock())
    }

    /// `body` is called after ends have risen.
    package func addListener(_ body: @escaping @Sendable () -> Void) -> ListenerToken {
        writer.listeners.add(body)
    }

    package func removeListener(_ token: ListenerToken) {
        writer.listeners.remove(token)
    }

    // MARK: Lifecycle

    /// Makes the category known to readers, empty; an append does it too.
    package func createCategory(_ category: CategoryEntry) {
        writer.create(category.id)
    }

    /// Removes the category's records; its id must never come back.
    package func deleteCategory(id: UInt32) throws(CategoriesError) {
        try writer.delete(id)
    }

    /// Writes and answers what waits, and closes the store. Not to be called on the writer's thread.
    package func close() {
        let wasClosed = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return isClosed
        }
        if wasClosed { return }
        queue.close()
        writer.close()
    }

    /// Drops and forgets what is too old now, which the writer does every few seconds.
    package func tidy() {
        writer.tidy()
    }

    // MARK: For tests of what a failing disk does

    /// Makes the next write fail, before or after it reaches the disk.
    package func failNextWrite(with error: RocksDBError, afterWriting: Bool = false) {
        writer.state.withLock { $0.inject(.init(error: error, moment: afterWriting ? .written : .writing)) }
    }

    /// Makes the next sync fail that follows a write of a category that waits for none.
    package func failNextSync(with error: RocksDBError) {
        writer.state.withLock { $0.inject(.init(error: error, moment: .syncing)) }
    }
}

extension PendingAppend.Outcome {
    fileprivate var ranges: [AppendedRange] {
        if case .appended(let ranges) = self { ranges } else { [] }
    }

    fileprivate var epoch: UInt32 {
        if case .opened(let epoch) = self { epoch } else { 0 }
    }
}
