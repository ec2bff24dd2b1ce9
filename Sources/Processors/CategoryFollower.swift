package import Catalog
internal import Categories
internal import Tables

/// One category as an app follows it: its buckets, how far each has been applied, and the tables and outputs that its records reach.
final class CategoryFollower {
    /// How far one sink has come in one bucket.
    struct Position {
        /// The next record to apply.
        var offset: Int64
        /// When the record before it was appended; 0 where there is none.
        var appendTime: Int64
        /// What the last checkpoint took, or what the table store has; nil where neither has any.
        var taken: Int64?

        /// Whether a checkpoint has it to write.
        var isDirty: Bool { taken != offset }
    }

    struct Bucket {
        /// The next record to read: the least of the sinks' offsets.
        var next: Int64
        /// One for each of `sinks`.
        var positions: [Position]
        /// Of those records still to be read that are kept as dead letters already.
        var keptDeadLetters: Set<Int64> = []
        /// What a reader of the tables can rely on: as of the last checkpoint that is written.
        var committed: Int64
        var committedAppendTime: Int64
        /// What that will be when the checkpoint that is being written is.
        var taken: (offset: Int64, appendTime: Int64) = (0, 0)
    }

    /// What came out of one bucket since the app started.
    struct Counters {
        var records: UInt64 = 0
        var lateRecords: UInt64 = 0
        var deadLetters: UInt64 = 0
    }

    let category: CategoryEntry
    let inputs: [InputPlan]
    /// Of all inputs, one after the other.
    let sinks: [any PositionedSink]
    let reader: BucketReader
    private(set) var buckets: [Bucket] = []
    /// By bucket; they outlive a reading of the positions.
    private(set) var counters: [Counters]

    init(
        _ category: CategoryEntry, inputs: [InputPlan], categories: CategoryStore, clock: ProcessorClock,
        batchRecordCount: Int
    ) {
        self.category = category
        self.inputs = inputs
        reader = BucketReader(
            category: category, inputs: inputs.map(\.preparer), categories: categories, clock: clock,
            batchRecordCount: batchRecordCount)
        sinks = inputs.flatMap(\.sinks)
        counters = [Counters](repeating: Counters(), count: category.bucketCount)
    }

    /// Of each sink.
    var inputOfSink: [InputTableEntry] {
        inputs.flatMap { input in input.sinks.map { _ in input.input } }
    }

    func removeAllBuckets() {
        buckets = []
    }

    /// The next bucket, with a position for each sink.
    func add(_ positions: [Position]) {
        buckets.append(
            Bucket(
                next: positions.reduce(.max) { min($0, $1.offset) }, positions: positions, committed: 0,
                committedAppendTime: 0))
        takePosition(of: buckets.count - 1)
        publishPosition(of: buckets.count - 1)
        for input in inputs {
            input.stand(
                at: buckets[buckets.count - 1].next, appendTime: positions.map(\.appendTime).max() ?? 0,
                bucket: buckets.count - 1)
        }
    }

    func keep(deadLetter offset: Int64, bucket: Int) {
        guard buckets.indices.contains(bucket) else { return }
        if offset >= buckets[bucket].next { buckets[bucket].keptDeadLetters.insert(offset) }
    }

    /// Whether no record is still to be read that is kept already.
    var hasPassedDeadLetters: Bool { buckets.allSatisfy(\.keptDeadLetters.isEmpty) }

    /// Applies the next records of a bucket to every sink that has not had them yet. What is refused comes in the order
    /// of the log, each record once.
    func apply(_ batch: PreparedBatch, _ stopwatch: inout Stopwatch) -> [Refusal] {
        let late = lateCount
        counters[batch.bucket].records += UInt64(batch.records.count)
        defer { counters[batch.bucket].lateRecords += lateCount - late }
        let offsets = buckets[batch.bucket].positions.map(\.offset)
        var refusals: [Int: Refusal] = [:]
        var first = 0
        for (input, prepared) in zip(inputs, batch.inputs) {
            let positions = offsets[first..<first + input.sinks.count]
            first += input.sinks.count
            for refusal in input.apply(prepared, of: batch, positions: positions, &stopwatch) {
                if refusals[refusal.record] == nil { refusals[refusal.record] = refusal }
            }
        }
        return refusals.values.sorted { $0.record < $1.record }
    }

    private var lateCount: UInt64 { inputs.reduce(0) { $0 + ($1.watermark?.lateCount ?? 0) } }

    func count(deadLetters: Int, bucket: Int) {
        counters[bucket].deadLetters += UInt64(deadLetters)
    }

    /// Everything before `offset` has been applied; the last of it was appended at `appendTime`.
    func advance(bucket: Int, to offset: Int64, appendTime: Int64) {
        buckets[bucket].next = offset
        if !buckets[bucket].keptDeadLetters.isEmpty {
            buckets[bucket].keptDeadLetters = buckets[bucket].keptDeadLetters.filter { $0 >= offset }
        }
        for sink in sinks.indices where buckets[bucket].positions[sink].offset < offset {
            buckets[bucket].positions[sink].offset = offset
            buckets[bucket].positions[sink].appendTime = appendTime
        }
    }

    /// Whether sinks have something for a checkpoint: those that are standbys, or the others.
    func isDirty(standbys: Bool = false) -> Bool {
        sinks.indices.contains { index in
            sinks[index].isStandby == standbys && buckets.contains { $0.positions[index].isDirty }
        }
    }

    /// What a checkpoint has to say about this category, which from now on counts as said.
    func takeDirtyPositions(includingStandbys: Bool) -> [StoredPosition] {
        var positions: [StoredPosition] = []
        for number in buckets.indices {
            for (index, sink) in sinks.enumerated()
            where buckets[number].positions[index].isDirty && (includingStandbys || !sink.isStandby) {
                let position = buckets[number].positions[index]
                positions.append(
                    StoredPosition(
                        sink: sink.id, category: category.id, bucket: number, offset: position.offset,
                        appendTime: position.appendTime))
                buckets[number].positions[index].taken = position.offset
            }
            takePosition(of: number)
        }
        return positions
    }

    /// Of the versions of a table, standbys that stand where the serving one stands take from now on what it takes, and
    /// others that stand alike share partials; none may have any.
    func groupStandbys() {
        var leaders: [(index: Int, sink: TableSink)] = []
        // What a cut leaves out is counted for each version.
        let sinks = sinks.enumerated().compactMap { index, sink in
            (sink as? TableSink).flatMap { $0.earliestEventTime == nil ? (index: index, sink: $0) : nil }
        }
        for (index, sink) in sinks.filter({ !$0.sink.isStandby }) + sinks.filter(\.sink.isStandby) {
            let leader = leaders.first { leader in
                sink.isStandby && leader.sink.version.table == sink.version.table
                    && buckets.allSatisfy { $0.positions[leader.index].offset == $0.positions[index].offset }
            }
            sink.follow(leader?.sink)
            if leader == nil { leaders.append((index, sink)) }
        }
    }

    /// The positions that were taken are written.
    func didCommit() {
        for bucket in buckets.indices { publishPosition(of: bucket) }
    }

    /// Several sinks may stand at different positions; the one that is furthest behind counts, of those that are read.
    private func takePosition(of bucket: Int) {
        let read = zip(sinks, buckets[bucket].positions).lazy.filter { !$0.0.isStandby }.map(\.1)
        guard let least = read.min(by: { $0.offset < $1.offset }) else { return }
        buckets[bucket].taken = (least.offset, least.appendTime)
    }

    private func publishPosition(of bucket: Int) {
        (buckets[bucket].committed, buckets[bucket].committedAppendTime) = buckets[bucket].taken
    }
}

extension InputTableEntry {
    /// Where a table that has no position yet begins. A bucket that was added after the deploy begins with its first
    /// record, whatever START says.
    package func startOffset(ofBucket bucket: Int) -> Int64 {
        guard let startOffsets, startOffsets.indices.contains(bucket) else { return 0 }
        return startOffsets[bucket]
    }
}
