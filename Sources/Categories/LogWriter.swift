internal import Catalog
internal import Foundation
internal import RocksDB
internal import Synchronization

/// The one writer of a log, on a thread of its own.
///
/// It takes what has gathered while it wrote before, writes all of it, syncs once, publishes the new ends, and only then
/// answers the appenders (those of categories that ask for no more than `written`, before the sync): the slower the disk, the
/// larger the groups. After a failed write it is unknown what the disk holds, so the store is opened again before the next one,
/// and what the failed one may have left is taken away.
final class LogWriter: Sendable {
    /// When there is nothing to write: how long until somebody looks for what is to be tried again or tidied up.
    private static let idleSeconds = 1.0

    let published = PublishedLogs()
    let listeners = Listeners()
    let meters = CategoryMeters()
    let clock: @Sendable () -> Int64
    /// Held for a whole write, which lets the state go while it answers.
    let turn = Mutex(())
    let state: Mutex<LogWriterState>
    /// As the catalog has them now.
    let categories: @Sendable () -> [UInt32: CategoryEntry]
    let neededPositions: NeededPositions
    private let directory: String
    private let memoryBytes: Int
    private let queue: AppendQueue
    private let ended = DispatchSemaphore(value: 0)

    init(
        directory: String, memoryBytes: Int, queue: AppendQueue,
        categories: @escaping @Sendable () -> [UInt32: CategoryEntry],
        neededPositions: @escaping NeededPositions, clock: @escaping @Sendable () -> Int64
    ) throws(CategoriesError) {
        self.categories = categories
        self.neededPositions = neededPositions
        self.directory = directory
        self.memoryBytes = memoryBytes
        self.queue = queue
        self.clock = clock
        let known = Set(categories().keys)
        var opened = try LogDatabase(directory: directory, memoryBytes: memoryBytes) { known.contains($0) }
        for category in known where opened.logs[category] == nil {
            opened.logs[category] = CategoryLog(category: category)
        }
        published.publish(opened.logs)
        let producers = try opened.readProducers(ofCategories: known)
        state = Mutex(LogWriterState(opened: opened, producers: ProducerTable(producers), upkeepDue: clock()))
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
        while let group = queue.take(seconds: Self.idleSeconds) {
            if !group.isEmpty {
                turn.withLock { _ in write(group) }
                listeners.call()
            }
            keepUp()
        }
        ended.signal()
    }

    /// What a group's write has changed, and nobody has been told yet.
    private struct Written: Sendable {
        let database: Database
        let results: [Result<PendingAppend.Outcome, CategoriesError>]
        let logs: [UInt32: CategoryLog]
        let categories: [UInt32: CategoryEntry]
        let begun: [UInt32: Span]
        let producers: [ProducerKey: ProducerState]
        let tallies: [UInt32: AppendTally]
        let isSynced: Bool
    }

    private func write(_ group: [PendingAppend]) {
        let isSynced = group.allSatisfy(\.waitsForSync)
        do throws(CategoriesError) {
            let written = try state.withLock { state throws(CategoriesError) in
                try write(group, isSynced: isSynced, &state)
            }
            if !isSynced { answer(group, written.results) { !$0.waitsForSync } }
            let failure = state.withLock { state in publish(written, &state) }
            queue.finish(group)
            answer(group, failure.map { failure in group.map { _ in .failure(failure) } } ?? written.results) {
                $0.waitsForSync
            }
        } catch {
            queue.finish(group)
            answer(group, group.map { _ in .failure(error) }) { _ in true }
        }
    }

    private func answer(
        _ group: [PendingAppend], _ results: [Result<PendingAppend.Outcome, CategoriesError>],
        where isMeant: (PendingAppend) -> Bool
    ) {
        for (append, result) in zip(group, results) where isMeant(append) { append.completion(result) }
    }

    private func write(
        _ group: [PendingAppend], isSynced: Bool, _ state: inout LogWriterState
    ) throws(CategoriesError) -> Written {
        let opened = try open(&state)
        var commit = GroupCommit(
            opened, logs: opened.logs, producers: state.producers, compressor: state.compressor, now: clock())
        var results: [Result<PendingAppend.Outcome, CategoriesError>] = []
        results.reserveCapacity(group.count)
        do throws(CategoriesError) {
            for append in group {
                if state.deleted.contains(append.category.id) {
                    results.append(.failure(CategoriesError(.notFound, "\(append.category.name) was deleted")))
                } else {
                    results.append(try commit.add(append))
                }
            }
            commit.finish()
            if commit.batch.count > 0 { try write(commit.batch, to: opened.database, sync: isSynced, &state) }
        } catch {
            state.isBroken = true
            throw error
        }
        return Written(
            database: opened.database, results: results, logs: commit.logs.filter { commit.touched[$0.key] != nil },
            categories: commit.touched, begun: commit.begun, producers: commit.changedProducers,
            tallies: commit.tallies,
            isSynced: isSynced || commit.batch.count == 0)
    }

    private func write(
        _ batch: borrowing WriteBatch, to database: Database, sync: Bool, _ state: inout LogWriterState
    ) throws(CategoriesError) {
        do throws(RocksDBError) {
            let failure = state.takeFailure { $0 != .syncing }
            if failure?.moment != .writing { try database.write(batch, sync: sync) }
            if let failure { throw failure.error }
        } catch {
            throw Self.failedWrite(error)
        }
    }

    /// Syncs what is written and shows it to readers; where that fails, nobody ever sees it.
    private func publish(_ written: Written, _ state: inout LogWriterState) -> CategoriesError? {
        if !written.isSynced {
            do throws(RocksDBError) {
                if let failure = state.takeFailure({ $0 == .syncing }) { throw failure.error }
                try written.database.syncWAL()
            } catch {
                state.isBroken = true
                return Self.failedWrite(error)
            }
        }
        state.producers.merge(written.producers.filter { !state.deleted.contains($0.key.category) })
        for (category, log) in written.logs where !state.deleted.contains(category) {
            state.opened?.logs[category] = log
            published.publish(log)
        }
        meters.add(written.tallies.filter { !state.deleted.contains($0.key) }, now: clock())
        for (id, span) in written.begun {
            if state.deleted.contains(id) {
                // Begun for a category that was deleted meanwhile.
                _ = drop([span], &state)
            } else if let category = written.categories[id] {
                // There is one more now, so that an old one may go.
                retain(category, clock(), &state)
            }
        }
        return nil
    }

    private static func failedWrite(_ error: RocksDBError) -> CategoriesError {
        var error = CategoriesError(storage: error, "appending to the log")
        error.mayHaveBeenWritten = true
        return error
    }

    /// The store as it is to be written to, opened again where a write failed.
    @discardableResult
    func open(_ state: inout LogWriterState) throws(CategoriesError) -> LogDatabase {
        if let opened = state.opened, !state.isBroken { return opened }
        // It failed already, and what it says to that changes nothing.
        try? state.opened?.database.close()
        state.opened = nil
        let acknowledged = published.all
        var opened = try LogDatabase(directory: directory, memoryBytes: memoryBytes) { acknowledged[$0] != nil }
        do {
            try opened.cut(to: acknowledged, producers: state.producers.states)
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
}

extension PendingAppend {
    /// Whether it is answered only once no power loss can take it back. The epoch of a producer must not come back lower.
    fileprivate var waitsForSync: Bool {
        switch work {
        case .append: category.acknowledgement == .fsync
        case .openProducer: true
        }
    }
}
