internal import Catalog
internal import Categories
internal import Tables

/// The tables of an app that read one input table: how their records are prepared, and where they are applied.
final class InputPlan {
    let input: InputTableEntry
    let preparer: InputPreparer
    /// One for each version of each table.
    let tableSinks: [TableSink]
    let outputs: [RecordOutput]
    /// Of some of the table sinks, what emits their panes.
    private var paneOutputs: [Int: PaneOutput] = [:]
    /// For each table sink, the place of its table among those of `preparer`.
    private let planOfSink: [Int]
    /// nil without an event time.
    private(set) var watermark: InputWatermark?
    /// Records that needed a row of a joined table and found none, once for each join, since the app started.
    private(set) var unmatchedCount: UInt64 = 0

    /// The table sinks, then the outputs: each has a position of its own.
    var sinks: [any PositionedSink] { tableSinks as [any PositionedSink] + outputs }

    /// nil where no table and no output category reads the input.
    init?(
        _ input: InputTableEntry, tables: [TableEntry], outputs: InputOutputs? = nil, shardCount: Int,
        bucketCount: Int = 1,
        watermarkConfidence: Double = AppOptions().watermarkConfidence, joinable: [UInt32: TableEntry] = [:],
        lookup: any TableLookup = NoTables()
    ) throws(ProcessorsError) {
        var pool = ExpressionPool()
        var joins = JoinPool(inputColumnCount: input.columns.count, tables: joinable)
        var plans: [TablePlan] = []
        var sinks: [TableSink] = []
        var planOfSink: [Int] = []
        for table in tables {
            guard let plan = try TablePlan(table, input: input, pool: &pool, joins: &joins) else { continue }
            for version in table.versions {
                sinks.append(plan.makeSink(version, shardCount: shardCount))
                planOfSink.append(plans.count)
            }
            plans.append(plan)
        }
        let recordPlans = try outputs?.plans(of: input, pool: &pool, joins: &joins) ?? []
        guard !sinks.isEmpty || !recordPlans.isEmpty else { return nil }
        self.input = input
        tableSinks = sinks
        self.outputs = recordPlans.compactMap { outputs?.output($0, of: input) }
        self.planOfSink = planOfSink
        preparer = try InputPreparer(
            input, plans: plans, outputs: recordPlans, pool: pool, joins: joins, lookup: lookup)
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
        unmatchedCount += UInt64(prepared.unmatched)
        if let times = batch.eventTimes {
            watermark?.observe(
                times, excluded: batch.excluded, offsets: batch.offsets, appendTime: whole.appendTime,
                bucket: whole.bucket)
        }
        stopwatch.charge(\.evaluate)
        for (index, position) in positions.enumerated() where position < whole.end {
            let firstRow = batch.offsets.firstIndex { $0 >= position } ?? batch.rows
            if index < tableSinks.count {
                let rows = tableSinks[index].apply(batch, prepared.rows[planOfSink[index]], from: firstRow, &stopwatch)
                paneOutputs[index]?.observe(rows, from: firstRow)
            } else {
                let output = index - tableSinks.count
                outputs[output].apply(batch, prepared.outputs[output], from: firstRow)
            }
        }
        return prepared.refusals.filter { whole.records.offsets[$0.record] >= least }
    }

    /// Every table sink takes all records: they are not of a log, and so have no position and no watermark.
    func apply(_ prepared: PreparedInput, _ stopwatch: inout Stopwatch) {
        for (index, sink) in tableSinks.enumerated() {
            _ = sink.apply(prepared.batch, prepared.rows[planOfSink[index]], from: 0, &stopwatch)
        }
    }

    /// Shows the output what reaches the table whose panes it emits; false where the input does not fill that version.
    func attach(_ output: PaneOutput) -> Bool {
        guard let sink = tableSinks.firstIndex(where: { $0.version == output.version }) else { return false }
        paneOutputs[sink] = output
        return true
    }

    /// The next record of a bucket to apply is at `position`; the one before was appended at `appendTime`.
    func stand(at position: Int64, appendTime: Int64, bucket: Int) {
        watermark?.stand(at: position, appendTime: appendTime, bucket: bucket)
    }

    /// There is nothing left to read in a bucket.
    func drained(bucket: Int) {
        watermark?.drained(bucket: bucket)
    }
}

extension TablePlan {
    func makeSink(_ entry: VersionEntry, shardCount: Int) -> TableSink {
        let version = entry.number
        let storageKey = StorageKey(of: table, shardCount: shardCount)
        // A version that is built by itself is nobody's standby.
        let isServed = table.versions.contains { $0.number == table.servingVersion }
        let isStandby = isServed && version != table.servingVersion
        let id = VersionID(table: table.id, version: version)
        return TableSink(id, isStandby: isStandby, earliestEventTime: entry.load?.cut?.eventTime) {
            switch body {
            case .aggregate(let states):
                AggregatePartials(self, states: states, version: version, storageKey: storageKey)
            case .upsert(let values, let delete):
                UpsertPartials(self, values: values, delete: delete, version: version, storageKey: storageKey)
            }
        }
    }
}
