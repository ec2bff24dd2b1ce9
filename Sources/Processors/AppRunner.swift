package import Catalog
package import Categories
internal import Foundation
internal import Synchronization
package import Tables

/// Runs the processors of one app on a thread of its own.
///
/// The thread sleeps while there is nothing to read. What fails and may go away (a full disk) is tried again, ever more
/// rarely, from the positions that the table store has; what cannot go away stops the app. Either stands in its status.
package final class AppRunner: Sendable {
    private static let stackByteCount = 8 << 20
    private static let leastBackoffNanoseconds: UInt64 = 100_000_000
    private static let greatestBackoffNanoseconds: UInt64 = 5_000_000_000

    private struct Shared {
        var status: AppRunnerStatus
        var isStarted = false
        var isStopping = false
        var checkpointsAtStop = true
    }

    private let app: AppEntry
    private let catalog: CatalogSnapshot
    private let categories: CategoryStore
    private let tables: TableStore
    private let clock: ProcessorClock
    private let batchRecordCount: Int
    private let buildsHistory: Bool
    private let bounds: PartialsBounds
    private let shared: Mutex<Shared>
    private let doorbell = Doorbell()
    private let ended = DispatchGroup()

    /// `catalog` is one that has the app with all its tables and categories. What reads a category's history for a second
    /// time keeps no dead letters, for they are kept.
    package init(
        app: AppEntry, catalog: CatalogSnapshot, categories: CategoryStore, tables: TableStore,
        clock: ProcessorClock = .system, batchRecordCount: Int? = nil, buildsHistory: Bool = false,
        bounds: PartialsBounds = PartialsBounds()
    ) {
        self.bounds = bounds
        self.buildsHistory = buildsHistory
        self.app = app
        self.catalog = catalog
        self.categories = categories
        self.tables = tables
        self.clock = clock
        self.batchRecordCount = batchRecordCount ?? BucketReader.batchRecordCount
        shared = Mutex(Shared(status: AppRunnerStatus(app: app.name)))
    }

    /// Starts the thread; has no effect the second time.
    package func start() {
        let isFirst = shared.withLock { shared in
            guard !shared.isStarted, !shared.isStopping else { return false }
            shared.isStarted = true
            ended.enter()
            return true
        }
        guard isFirst else { return }
        let thread = Thread { [self] in
            run()
            ended.leave()
        }
        thread.name = "app \(app.name)"
        thread.stackSize = Self.stackByteCount
        thread.start()
    }

    /// Returns when the thread has ended, after a last checkpoint; without one, what no checkpoint covers yet is applied
    /// again after the next start.
    package func stop(checkpointing: Bool = true) {
        shared.withLock { shared in
            shared.isStopping = true
            shared.checkpointsAtStop = checkpointing
            if !shared.isStarted { shared.status.state = .stopped }
        }
        doorbell.ring()
        ended.wait()
    }

    /// Positions are those of the last checkpoint; ends and freshness are as of now.
    package var status: AppRunnerStatus {
        let now = clock.wall()
        var status = shared.withLock { $0.status }
        for index in status.buckets.indices {
            let bucket = status.buckets[index]
            let end = categories.end(category: bucket.category, bucket: bucket.bucket)
            status.buckets[index].end = max(end, bucket.position)
            status.buckets[index].freshness = categories.freshness(
                category: bucket.category, bucket: bucket.bucket, appliedBefore: bucket.position,
                lastAppendTime: bucket.freshness, now: now)
        }
        return status
    }

    // MARK: On the thread

    private func run() {
        let listener = categories.addListener { [doorbell] in doorbell.ring() }
        defer { categories.removeListener(listener) }
        var backoff = Self.leastBackoffNanoseconds
        do throws(ProcessorsError) {
            let processor = try AppProcessor(
                app, catalog: catalog, categories: categories, tables: tables, clock: clock, workers: .shared,
                bounds: bounds,
                batchRecordCount: batchRecordCount, buildsHistory: buildsHistory)
            let writer = CheckpointWriter(app: app.name, tables: tables, clock: clock) { [doorbell] in doorbell.ring() }
            // The stores may be closed as soon as this returns.
            defer {
                processor.stopReading()
                writer.wait()
            }
            while true {
                do throws(ProcessorsError) {
                    try recoverTables()
                    try processor.load()
                    try follow(processor, writer) { backoff = Self.leastBackoffNanoseconds }
                    return publish(.stopped, nil)
                } catch {
                    // Only then do the stored positions stand still.
                    writer.wait()
                    _ = writer.takeOutcome()
                    guard error.isTransient else { throw error }
                    publish(.retrying, error.description)
                }
                guard sleep(backoff) else { return shared.withLock { $0.status.state = .stopped } }
                backoff = min(backoff * 2, Self.greatestBackoffNanoseconds)
            }
        } catch {
            publish(.failed, error.description)
        }
    }

    /// Until the app is to stop. `didSucceed` is called whenever a checkpoint is written.
    private func follow(
        _ processor: AppProcessor, _ writer: CheckpointWriter, didSucceed: () -> Void
    ) throws(ProcessorsError) {
        var schedule = CheckpointSchedule(
            spacingMilliseconds: app.options.checkpointMilliseconds, bounds: bounds, startedAt: clock.monotonic())
        publishFigures(of: processor)
        if !processor.isDirty { publish(.running, nil) }
        var isDrained = false
        while true {
            let (isStopping, checkpoints) = shared.withLock { ($0.isStopping, $0.checkpointsAtStop) }
            if isStopping { writer.wait() }
            if let outcome = writer.takeOutcome() {
                processor.didWrite(try outcome.get())
                didSucceed()
                publishFigures(of: processor)
                publish(.running, nil)
            }
            if isStopping {
                if checkpoints, processor.isDirty || processor.standbysDueAt != nil {
                    try processor.checkpoint(beginsRounds: false)
                }
                return publishFigures(of: processor)
            }
            let step = schedule.next(
                at: clock.monotonic(), isDirty: processor.isDirty, isDrained: isDrained,
                isCommitting: processor.isCommitting, groupCount: processor.groupCount,
                byteCount: processor.byteCount)
            switch step {
            case .read:
                isDrained = try !processor.step()
                publishCounters(of: processor)
            case .checkpoint:
                writer.begin(try processor.takeCheckpoint())
                schedule.didCheckpoint(at: clock.monotonic())
            case .sleep(let until):
                let now = clock.monotonic()
                let limit = [until, processor.isCommitting ? nil : processor.standbysDueAt].compactMap { $0 }.min()
                doorbell.wait(nanoseconds: limit.map { $0 > now ? $0 - now : 0 })
                isDrained = false
            }
        }
    }

    /// Has no effect where no write failed.
    private func recoverTables() throws(ProcessorsError) {
        do {
            try tables.recover()
        } catch {
            throw ProcessorsError(tables: error, "opening the table store again", code: .commitFailed)
        }
    }

    /// false: the app is to stop.
    private func sleep(_ nanoseconds: UInt64) -> Bool {
        let limit = clock.monotonic() + nanoseconds
        while true {
            if shared.withLock({ $0.isStopping }) { return false }
            let now = clock.monotonic()
            if now >= limit { return true }
            doorbell.wait(nanoseconds: limit - now)
        }
    }

    private func publish(_ state: AppRunnerStatus.State, _ message: String?) {
        shared.withLock { shared in
            shared.status.state = state
            shared.status.message = message
        }
    }

    private func publishFigures(of processor: AppProcessor) {
        let buckets = processor.bucketStatuses
        shared.withLock { $0.status.buckets = buckets }
        publishCounters(of: processor)
    }

    private func publishCounters(of processor: AppProcessor) {
        let watermarks = processor.watermarkStatuses
        let (partials, partialBytes) = (processor.groupCount, processor.byteCount)
        shared.withLock { shared in
            shared.status.partials = partials
            shared.status.partialBytes = partialBytes
            shared.status.outputRecords = processor.outputRecordCount
            shared.status.oversizedPanes = processor.oversizedPaneCount
            shared.status.lateAfterFinal = processor.lateAfterFinalCount
            shared.status.unmatchedRecords = processor.unmatchedCount
            shared.status.checkpointNanoseconds = processor.checkpointNanoseconds
            shared.status.records = processor.recordCount
            shared.status.deadLetters = processor.deadLetterCount
            shared.status.checkpoints = processor.checkpointCount
            shared.status.stageTimes = processor.stageTimes
            shared.status.watermarks = watermarks
        }
    }
}
