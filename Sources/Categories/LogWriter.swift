internal import Catalog
internal import Foundation
internal import RocksDB
internal import Synchronization

/// The one writer of a log, on a thread of its own.
///
/// It takes what has gathered while it wrote before, writes all of it with one sync, publishes the new ends, and only then
/// answers the appenders: the slower the disk, the larger the groups. After a failed write it is unknown what the disk
/// holds, so the store is opened again before the next one, and what the failed one may have left is taken away.
final class LogWriter: Sendable {
    /// Between two tries to open the store again.
    private static let secondsBetweenTries = 1.0

    let published = PublishedLogs()
    let listeners = Listeners()
    private let directory: String
    private let memoryBytes: Int
    private let queue: AppendQueue
    private let clock: @Sendable () -> Int64
    private let state: Mutex<State>
    private let ended = DispatchSemaphore(value: 0)

    private struct State {
        /// nil while it could not be opened again.
        var opened: LogDatabase?
        /// A write failed since it was opened.
        var isBroken = false
        /// Ids are never reused, so a late append finds out.
        var deleted: Set<UInt32> = []
        var injectedFailure: InjectedFailure?
        let compressor = Compressor()
    }

    /// For tests of what a full disk does.
    struct InjectedFailure {
        let error: RocksDBError
        /// The write happens, and fails only then.
        let isWritten: Bool
    }

    init(
        directory: String, memoryBytes: Int, queue: AppendQueue, categories: Set<UInt32>,
        clock: @escaping @Sendable () -> Int64
    ) throws(CategoriesError) {
        self.directory = directory
        self.memoryBytes = memoryBytes
        self.queue = queue
        self.clock = clock
        var opened = try LogDatabase(directory: directory, memoryBytes: memoryBytes) { categories.contains($0) }
        for category in categories where opened.logs[category] == nil {
            opened.logs[category] = CategoryLog(category: category)
        }
        published.publish(opened.logs)
        state = Mutex(State(opened: opened))
    }

    func start() {
        let thread = Thread { [self] in run() }
        thread.name = "maser-log"
        thread.start()
    }

    /// After the queue is closed: waits until everything in it is written, and closes the store.
    func close() {
        ended.wait()
        state.withLock { state in
            // Here it is known that a write failed; the next start would take what it left for records.
            if state.isBroken { _ = try? open(&state) }
            // What was acknowledged is synced.
            try? state.opened?.database.close()
            state.opened = nil
        }
    }

    // MARK: Writing

    private func run() {
        while let group = queue.take(seconds: needsOpening ? Self.secondsBetweenTries : nil) {
            if group.isEmpty {
                state.withLock { state in _ = try? open(&state) }
                continue
            }
            let results = state.withLock { write(group, &$0) }
            queue.finish(group)
            for (append, result) in zip(group, results) { append.completion(result) }
            listeners.call()
        }
        ended.signal()
    }

    /// The store is closed and nobody can read; a broken one that is still open is left to readers until the next append.
    private var needsOpening: Bool { state.withLock { $0.opened == nil } }

    /// One result for each append.
    private func write(
        _ group: [PendingAppend], _ state: inout State
    ) -> [Result<[AppendedRange], CategoriesError>] {
        do throws(CategoriesError) {
            let opened = try open(&state)
            var commit = GroupCommit(
                opened.database, logs: opened.logs, compressor: state.compressor, now: clock())
            var results: [Result<[AppendedRange], CategoriesError>] = []
            do throws(CategoriesError) {
                for append in group {
                    if state.deleted.contains(append.category.id) {
                        results.append(.failure(CategoriesError(.notFound, "\(append.category.name) was deleted")))
                    } else {
                        results.append(.success(try commit.add(append)))
                    }
                }
                commit.finish()
                try write(commit.batch, to: opened.database, &state)
            } catch {
                state.isBroken = true
                throw error
            }
            state.opened?.logs = commit.logs
            for category in commit.touched.keys {
                if let log = commit.logs[category] { published.publish(log) }
            }
            for category in commit.touched.values { dropBeyondRetention(category, &state) }
            return results
        } catch {
            return group.map { _ in .failure(error) }
        }
    }

    private func write(
        _ batch: borrowing WriteBatch, to database: Database, _ state: inout State
    ) throws(CategoriesError) {
        do throws(RocksDBError) {
            let failure = state.injectedFailure.take()
            if failure?.isWritten != false { try database.write(batch, sync: true) }
            if let failure { throw failure.error }
        } catch {
            var error = CategoriesError(storage: error, "appending to the log")
            error.mayHaveBeenWritten = true
            throw error
        }
    }

    /// The store as it is to be written to, opened again where a write failed.
    @discardableResult
    private func open(_ state: inout State) throws(CategoriesError) -> LogDatabase {
        if let opened = state.opened, !state.isBroken { return opened }
        // It failed already, and what it says to that changes nothing.
        try? state.opened?.database.close()
        state.opened = nil
        let acknowledged = published.all
        var opened = try LogDatabase(directory: directory, memoryBytes: memoryBytes) { acknowledged[$0] != nil }
        do {
            try opened.cut(to: acknowledged)
        } catch {
            try? opened.database.close()
            throw error
        }
        for (category, log) in acknowledged where opened.logs[category] == nil { opened.logs[category] = log }
        published.publish(opened.logs)
        state.opened = opened
        state.isBroken = false
        return opened
    }

    // MARK: Categories

    func create(_ category: UInt32) {
        state.withLock { state in
            guard state.opened?.logs[category] == nil, published.log(of: category) == nil else { return }
            let log = CategoryLog(category: category)
            state.opened?.logs[category] = log
            published.publish(log)
        }
    }

    func delete(_ category: UInt32) throws(CategoriesError) {
        let failure: CategoriesError? = state.withLock { state in
            state.deleted.insert(category)
            published.remove(category)
            let log = state.opened?.logs.removeValue(forKey: category)
            return drop(log?.spans ?? [], &state)
        }
        if let failure { throw failure }
    }

    private func dropBeyondRetention(_ category: CategoryEntry, _ state: inout State) {
        guard let kept = category.retention?.bytes, var log = state.opened?.logs[category.id] else { return }
        let count = log.spansBeyond(byteCount: Int(clamping: kept))
        if count == 0 { return }
        let dropped = Array(log.spans.prefix(count))
        log.spans.removeFirst(count)
        state.opened?.logs[category.id] = log
        published.publish(log)
        // Where it fails the next write fails too, and opening again finds the span.
        _ = drop(dropped, &state)
    }

    private func drop(_ spans: [Span], _ state: inout State) -> CategoriesError? {
        guard let database = state.opened?.database else { return nil }
        for span in spans {
            do {
                try database.dropFamily(span.family)
            } catch {
                state.isBroken = true
                return CategoriesError(storage: error, "dropping the span \(span.family.name)")
            }
        }
        return nil
    }

    func inject(_ failure: InjectedFailure) {
        state.withLock { $0.injectedFailure = failure }
    }
}
