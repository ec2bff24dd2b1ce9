internal import Catalog
internal import Categories
internal import Tables

/// The tables of an app that read one input table: how their records are prepared, and where they are applied.
final class InputPlan {
    let input: InputTableEntry
    let preparer: InputPreparer
    /// One for each version of each table.
    let sinks: [any TableSink]
    /// For each sink, the place of its table among those of `preparer`.
    private let planOfSink: [Int]
    /// nil without an event time.
    private(set) var watermark: InputWatermark?

    /// nil where no table reads the input.
    init?(
        _ input: InputTableEntry, tables: [TableEntry], shardCount: Int, bucketCount: Int = 1,
        watermarkConfidence: Double = AppOptions().watermarkConfidence
    ) throws(ProcessorsError) {
        var pool = ExpressionPool()
        var plans: [TablePlan] = []
        var sinks: [any TableSink] = []
        var planOfSink: [Int] = []
        for table in tables {
            guard let plan = try TablePlan(table, input: input, pool: &pool) else { continue }
            for version in table.versions {
                sinks.append(plan.makeSink(version: version.number, shardCount: shardCount))
                planOfSink.append(plans.count)
            }
            plans.append(plan)
        }
        guard !sinks.isEmpty else { return nil }
        self.input = input
        self.sinks = sinks
        self.planOfSink = planOfSink
        preparer = try InputPreparer(input, plans: plans, pool: pool)
        if input.eventTimeColumn != nil {
            watermark = InputWatermark(confidence: watermarkConfidence, bucketCount: bucketCount)
        }
    }

    /// Every sink takes the records from its own element of `positions` on. What is refused comes in no order, and
    /// perhaps more than once.
    func apply(
        _ prepared: PreparedInput, of whole: PreparedBatch, positions: ArraySlice<Int64>, _ stopwatch: inout Stopwatch
    ) -> [Refusal] {
        guard let least = positions.min(), least < whole.end else { return [] }
        let batch = prepared.batch
        if let times = batch.eventTimes {
            watermark?.observe(
                times, excluded: batch.excluded, offsets: batch.offsets, appendTime: whole.appendTime,
                bucket: whole.bucket)
        }
        stopwatch.charge(\.evaluate)
        for (index, position) in positions.enumerated() where position < whole.end {
            let firstRow = batch.offsets.firstIndex { $0 >= position } ?? batch.rows
            sinks[index].apply(batch, prepared.rows[planOfSink[index]], from: firstRow, &stopwatch)
        }
        return prepared.refusals.filter { whole.records.offsets[$0.record] >= least }
    }

    /// There is nothing left to read in a bucket.
    func drained(bucket: Int) {
        watermark?.drained(bucket: bucket)
    }
}

extension TablePlan {
    func makeSink(version: UInt32, shardCount: Int) -> any TableSink {
        let storageKey = StorageKey(of: table, shardCount: shardCount)
        switch body {
        case .aggregate(let states):
            return AggregateSink(self, states: states, version: version, storageKey: storageKey)
        case .upsert(let values, let delete):
            return UpsertSink(self, values: values, delete: delete, version: version, storageKey: storageKey)
        }
    }
}
