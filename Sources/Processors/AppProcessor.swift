internal import Catalog
internal import Categories
internal import Tables

/// Moves the records of an app's categories into its tables, one batch or one checkpoint at each call.
///
/// Has no thread and no policy: `AppRunner` calls it, and a test can, step by step.
final class AppProcessor {
    /// A rollback finds a standby this fresh; the more records share a checkpoint, the less it costs to follow.
    static let standbySpacingNanoseconds: UInt64 = 10_000_000_000

    let app: AppEntry
    private let followers: [CategoryFollower]
    private let deadLetters: DeadLetters
    /// It builds versions anew: whoever follows the same records keeps their dead letters.
    private let buildsHistory: Bool
    private let categories: CategoryStore
    private let tables: TableStore
    private let clock: ProcessorClock
    private let pipeline: BatchPipeline
    /// Of each lane of the pipeline.
    private let lanes: [(follower: CategoryFollower, bucket: Int)]
    private var stopwatch: Stopwatch
    private let bounds: PartialsBounds
    /// When a checkpoint last had those of standbys.
    private var standbysTakenAt: UInt64
    /// The checkpoint that is being written.
    private var pending: PendingCheckpoint?
    /// The life of the table store that the positions were read in.
    private var generation: UInt64 = 0

    private(set) var recordCount: UInt64 = 0
    private(set) var checkpointCount: UInt64 = 0
    /// What writing the last one took.
    private(set) var checkpointNanoseconds: UInt64 = 0

    init(
        _ app: AppEntry, catalog: CatalogSnapshot, categories: CategoryStore, tables: TableStore, clock: ProcessorClock,
        workers: PrepareWorkers? = nil, bounds: PartialsBounds = PartialsBounds(),
        batchRecordCount: Int = BucketReader.batchRecordCount,
        buildsHistory: Bool = false, greatestRoundCount: Int = PaneEmitter.greatestRoundCount
    ) throws(ProcessorsError) {
        self.app = app
        self.categories = categories
        self.tables = tables
        self.clock = clock
        stopwatch = Stopwatch(clock)
        self.bounds = bounds
        standbysTakenAt = clock.monotonic()
        let stores = OutputStores(categories: categories, tables: tables)
        followers = try Self.followers(of: app, catalog, stores).map { category, inputs in
            CategoryFollower(
                category, inputs: inputs, categories: categories, clock: clock, batchRecordCount: batchRecordCount)
        }
        sinks = followers.flatMap(\.sinks)
        let inputs = followers.flatMap(\.inputs)
        tableSinks = inputs.flatMap(\.tableSinks)
        outputs = try AppOutputs(
            app, catalog, inputs: inputs, stores: stores, greatestRoundCount: greatestRoundCount)
        lanes = followers.flatMap { follower in (0..<follower.category.bucketCount).map { (follower, $0) } }
        pipeline = BatchPipeline(workers: workers)
        let name = DeadLetterCategory.name(ofApp: app.name)
        guard let category = catalog.category(named: name) else {
            throw ProcessorsError(.invalidPlan, "there is no category \(name) for what \(app.name) cannot apply")
        }
        deadLetters = DeadLetters(category, in: categories, keeping: !buildsHistory)
        self.buildsHistory = buildsHistory
    }

    private static func followers(
        of app: AppEntry, _ catalog: CatalogSnapshot, _ stores: OutputStores
    ) throws(ProcessorsError) -> [(CategoryEntry, [InputPlan])] {
        let tables = app.tableIDs.compactMap { catalog.table(id: $0) }
        let outputs = InputOutputs(
            app: app, categories: app.outputIDs.compactMap { catalog.category(id: $0) }, stores: stores)
        var inputs: [UInt32: [InputPlan]] = [:]
        for input in app.inputTables {
            let readers = tables.filter { $0.source.inputTable?.lowercased() == input.name.lowercased() }
            let plan = try InputPlan(
                input, tables: readers, outputs: outputs, shardCount: catalog.shardCount,
                bucketCount: catalog.category(id: input.categoryID)?.bucketCount ?? 0,
                watermarkConfidence: app.options.watermarkConfidence, joinable: catalog.tables,
                lookup: ServedTables(stores.tables))
            if let plan {
                inputs[input.categoryID, default: []].append(plan)
            }
        }
        var followers: [(CategoryEntry, [InputPlan])] = []
        for (id, plans) in inputs.sorted(by: { $0.key < $1.key }) {
            guard let category = catalog.category(id: id) else {
                throw ProcessorsError(.invalidPlan, "\(app.name) reads a category that does not exist")
            }
            followers.append((category, plans))
        }
        return followers
    }

    // MARK: Positions

    /// Forgets all partials, and stands where the table store says that the last checkpoint was.
    func load() throws(ProcessorsError) {
        // Read before the positions: should the store be recovered in between, the next checkpoint is refused.
        generation = tables.generation
        pending = nil
        var deadLetterPosition: Int64?
        for follower in followers {
            var stored: [[PositionKey: StoredPosition]] = []
            for sink in follower.sinks {
                sink.removeAll()
                let positions = try storedPositions(of: sink)
                (sink as? TableSink)?.load(positions)
                let letters = positions[deadLetters.positionKey]?.offset ?? app.deadLettersFrom ?? 0
                deadLetterPosition = min(deadLetterPosition ?? letters, letters)
                stored.append(positions)
            }
            try place(follower, stored)
            follower.groupStandbys()
        }
        try outputs.load()
        try deadLetters.load(from: deadLetterPosition ?? 0) { category, bucket, offset in
            for follower in followers where follower.category.name == category {
                follower.keep(deadLetter: offset, bucket: bucket)
            }
        }
        pipeline.reset(
            to: lanes.map { follower, bucket in
                BatchPipeline.Place(reader: follower.reader, bucket: bucket, next: follower.buckets[bucket].next)
            })
    }

    /// No thread works for this processor any more.
    func stopReading() {
        pipeline.reset(to: [])
    }

    private func storedPositions(of sink: any PositionedSink) throws(ProcessorsError) -> [PositionKey: StoredPosition] {
        do {
            return try tables.positions(of: sink.id)
        } catch {
            throw ProcessorsError(tables: error, "reading positions", code: .readFailed)
        }
    }

    private func place(
        _ follower: CategoryFollower, _ stored: [[PositionKey: StoredPosition]]
    ) throws(ProcessorsError) {
        let category = follower.category
        follower.removeAllBuckets()
        for bucket in 0..<category.bucketCount {
            let start = categories.start(category: category.id, bucket: bucket)
            let end = categories.end(category: category.id, bucket: bucket)
            var positions: [CategoryFollower.Position] = []
            for (input, stored) in zip(follower.inputOfSink, stored) {
                let position = stored[PositionKey(category: category.id, bucket: bucket)]
                // History that a version is to be built from is all there, or the version must not serve.
                let first = input.startOffset(ofBucket: bucket)
                let offset = position?.offset ?? (buildsHistory ? first : max(start, first))
                guard offset <= end else {
                    throw ProcessorsError(
                        .positionOutsideLog,
                        "\(category.name) bucket \(bucket) ends at \(end), but its records were applied up to \(offset)"
                    )
                }
                guard offset >= start else {
                    throw ProcessorsError(
                        .positionOutsideLog,
                        "\(category.name) bucket \(bucket) begins at \(start), but its records from \(offset) on are "
                            + "yet to be applied")
                }
                positions.append(
                    CategoryFollower.Position(
                        offset: offset, appendTime: position?.appendTime ?? 0, taken: position?.offset))
            }
            follower.add(positions)
        }
    }

    // MARK: Records

    /// Applies one batch of the next bucket that has any. false: there is nothing to read.
    func step() throws(ProcessorsError) -> Bool {
        let next = try pipeline.next { lane in
            for input in lanes[lane].follower.inputs { input.drained(bucket: lanes[lane].bucket) }
        }
        guard let (lane, batch) = next else { return false }
        try apply(batch, to: lanes[lane].follower)
        return true
    }

    /// Applies the next records of a bucket.
    private func apply(_ batch: PreparedBatch, to follower: CategoryFollower) throws(ProcessorsError) {
        let (bucket, records) = (batch.bucket, batch.records)
        stopwatch.add(batch.times)
        stopwatch.start()
        var refused = 0
        for refusal in follower.apply(batch, &stopwatch)
        where !follower.buckets[bucket].keptDeadLetters.contains(records.offsets[refusal.record]) {
            try deadLetters.keep(
                records, refusal.record, reason: refusal.reason, category: follower.category.name, bucket: bucket)
            refused += 1
        }
        follower.count(deadLetters: refused, bucket: bucket)
        follower.advance(bucket: bucket, to: batch.end, appendTime: batch.appendTime)
        recordCount += UInt64(records.count)
    }

    // MARK: Checkpoints

    /// Whether there are records that no checkpoint covers though it should, or panes to emit.
    var isDirty: Bool { followers.contains { $0.isDirty() } || outputs.isDirty || areStandbysDue }
    var groupCount: Int { sinks.reduce(0) { $0 + ($1.isStandby ? 0 : $1.groupCount) } }
    var byteCount: Int { sinks.reduce(0) { $0 + ($1.isStandby ? 0 : $1.byteCount) } }
    var deadLetterCount: UInt64 { deadLetters.count }
    var stageTimes: StageTimes { stopwatch.times }
    var outputRecordCount: UInt64 { outputs.recordCount }
    var oversizedPaneCount: UInt64 { outputs.oversizedCount }
    var lateAfterFinalCount: UInt64 { outputs.lateCount }
    var unmatchedCount: UInt64 {
        followers.reduce(0) { $0 + $1.inputs.reduce(0) { $0 + $1.unmatchedCount } }
    }

    private let sinks: [any PositionedSink]
    private let tableSinks: [TableSink]
    private let outputs: AppOutputs

    /// When standbys have to be written, be there other work or not; nil where they have nothing.
    var standbysDueAt: UInt64? {
        followers.contains { $0.isDirty(standbys: true) } ? standbysTakenAt + Self.standbySpacingNanoseconds : nil
    }

    private var areStandbysDue: Bool {
        guard let dueAt = standbysDueAt else { return false }
        let standbys = sinks.lazy.filter(\.isStandby)
        return dueAt <= clock.monotonic() || standbys.reduce(0) { $0 + $1.groupCount } >= bounds.groupCount
            || standbys.reduce(0) { $0 + $1.byteCount } + keptByteCount >= bounds.byteCount
    }

    /// What serving versions' checkpoints merged, and those of standbys have yet to.
    private var keptByteCount: Int { tableSinks.reduce(0) { $0 + $1.keptByteCount } }

    /// Whether a checkpoint is taken whose fate is not known yet.
    var isCommitting: Bool { pending != nil }

    /// Writes all partials and all positions that have changed, at once. After an error nothing is certain but what
    /// `load` finds.
    func checkpoint(beginsRounds: Bool = true) throws(ProcessorsError) {
        let taken = try takeCheckpoint(beginsRounds: beginsRounds, includesStandbys: true)
        didWrite(try taken.write(to: tables, clock: clock))
    }

    /// Takes all partials and all positions that have changed, of standbys only when they are due unless told otherwise.
    /// What is applied from now on belongs to the next one, which is to be taken only after `didWrite`. Without
    /// `beginsRounds` no more panes are emitted than were begun before.
    func takeCheckpoint(
        beginsRounds: Bool = true, includesStandbys: Bool? = nil
    ) throws(ProcessorsError) -> PendingCheckpoint {
        precondition(pending == nil, "one checkpoint at a time")
        try keepDeadLetters()
        let includesStandbys = includesStandbys ?? areStandbysDue
        if includesStandbys { standbysTakenAt = clock.monotonic() }
        let partials = tableSinks.indices.compactMap { takePartials(ofSink: $0, includesStandbys) }
        let positions =
            followers.flatMap { $0.takeDirtyPositions(includingStandbys: includesStandbys) }
            + takeDeadLetterPositions(includingStandbys: includesStandbys)
            + tableSinks.filter { includesStandbys || !$0.isStandby }.compactMap { $0.takeStragglers() }
        // Those that had to catch up with the others may have done so.
        if includesStandbys {
            for follower in followers { follower.groupStandbys() }
        }
        let taken = PendingCheckpoint(
            generation: generation, partials: partials, positions: positions, semantics: app.options.state,
            outputs: outputs.take(beginsRounds: beginsRounds))
        pending = taken
        return taken
    }

    /// What one sink has for a checkpoint; nil where that is nothing.
    private func takePartials(ofSink index: Int, _ includesStandbys: Bool) -> PendingCheckpoint.TakenPartials? {
        let sink = tableSinks[index]
        let following = tableSinks.filter { $0.leader === sink }.map(\.version.version)
        if sink.isStandby {
            guard includesStandbys, sink.groupCount > 0 else { return nil }
            return PendingCheckpoint.TakenPartials(
                sink: index, partials: sink.takePartials(), versions: [sink.version.version] + following)
        }
        let kept = following.isEmpty ? nil : sink.kept
        guard sink.groupCount > 0 || includesStandbys && sink.keptByteCount > 0 else { return nil }
        return PendingCheckpoint.TakenPartials(
            sink: index, partials: sink.takePartials(), versions: [sink.version.version], kept: kept,
            following: includesStandbys ? following : [])
    }

    /// The checkpoint that was taken is written.
    func didWrite(_ written: WrittenCheckpoint) {
        stopwatch.add(written.times)
        checkpointNanoseconds = written.times.total
        outputs.didCommit(written.outputs)
        for taken in pending?.partials ?? [] { tableSinks[taken.sink].putBack(taken.partials) }
        pending = nil
        for follower in followers { follower.didCommit() }
        checkpointCount += 1
    }

    /// What could not be applied is durable before a checkpoint passes it.
    func keepDeadLetters() throws(ProcessorsError) {
        try deadLetters.flush()
    }

    /// For each sink, how far the dead-letter category has come: see `DeadLetters`. Nothing of it is ever
    /// applied, so it holds no table's freshness back.
    private func takeDeadLetterPositions(includingStandbys: Bool) -> [StoredPosition] {
        // A table that is behind reads again what others have applied. As long as kept records are among it, their letters
        // have to be found after a crash, though another bucket goes on.
        guard followers.allSatisfy(\.hasPassedDeadLetters), let end = deadLetters.takeDirtyEnd() else { return [] }
        // The letters of what a standby will read again after a crash have to be found then.
        return sinks.filter { includingStandbys || !$0.isStandby }.map { sink in
            StoredPosition(
                sink: sink.id, category: deadLetters.category.id, bucket: DeadLetters.bucket, offset: end,
                appendTime: .max)
        }
    }

    /// Of every input that has an event time, as of the last record read.
    var watermarkStatuses: [AppRunnerStatus.Watermark] {
        followers.flatMap { follower in
            follower.inputs.compactMap { input in
                input.watermark.map { watermark in
                    AppRunnerStatus.Watermark(
                        input: input.input.name, categoryName: follower.category.name, time: watermark.time,
                        confidence: watermark.confidence, records: watermark.recordCount,
                        lateRecords: watermark.lateCount)
                }
            }
        }
    }

    /// Of every bucket, as the last checkpoint left it.
    var bucketStatuses: [AppRunnerStatus.Bucket] {
        followers.flatMap { follower in
            follower.buckets.enumerated().map { number, bucket in
                var status = AppRunnerStatus.Bucket(
                    category: follower.category.id, categoryName: follower.category.name, bucket: number,
                    position: bucket.committed, end: bucket.committed, freshness: bucket.committedAppendTime)
                status.records = follower.counters[number].records
                status.lateRecords = follower.counters[number].lateRecords
                status.deadLetters = follower.counters[number].deadLetters
                return status
            }
        }
    }
}
