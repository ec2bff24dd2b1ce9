internal import Catalog
internal import Categories
internal import Expressions
internal import Records
internal import Tables

/// The tables of an app that read one input table: they share its decoding and every expression that two of them use.
final class InputPlan {
    /// A record that some table cannot take.
    struct Refusal {
        /// Index into the records of the batch.
        var record: Int
        var reason: String
    }

    let input: InputTableEntry
    let sinks: [any TableSink]
    /// nil without an event time.
    private(set) var watermark: InputWatermark?
    private let decoder: RecordDecoder
    private let expressions: [Expression]
    /// Where the decoder puts the event time.
    private let eventTimeIndex: Int?

    /// nil where no table reads the input.
    init?(
        _ input: InputTableEntry, tables: [TableEntry], shardCount: Int, bucketCount: Int = 1,
        watermarkConfidence: Double = AppOptions().watermarkConfidence
    ) throws(ProcessorsError) {
        var pool = ExpressionPool()
        var sinks: [any TableSink] = []
        for table in tables {
            guard let plan = try TablePlan(table, input: input, pool: &pool) else { continue }
            for version in table.versions {
                sinks.append(plan.makeSink(version: version.number, shardCount: shardCount))
            }
        }
        guard !sinks.isEmpty else { return nil }
        self.input = input
        self.sinks = sinks
        let needed = Set(pool.inputColumns).union(input.eventTimeColumn.map { [$0] } ?? []).sorted()
        guard needed.allSatisfy({ input.columns.indices.contains($0) }) else {
            throw ProcessorsError(.invalidPlan, "a table reads a column that \(input.name) does not have")
        }
        decoder = RecordDecoder(format: input.format, schema: input.columns, needed: needed)
        expressions = pool.narrowed(to: needed)
        eventTimeIndex = input.eventTimeColumn.flatMap { needed.firstIndex(of: $0) }
        if eventTimeIndex != nil {
            watermark = InputWatermark(confidence: watermarkConfidence, bucketCount: bucketCount)
        }
        if let eventTime = input.eventTimeColumn, input.columns[eventTime].type != .timestamp {
            throw ProcessorsError(.invalidPlan, "the event time of \(input.name) is no TIMESTAMP")
        }
    }

    /// Every sink takes the records from its own element of `positions` on. What is refused comes in no order, and
    /// perhaps more than once.
    func apply(
        _ records: LogRecords, bucket: Int, positions: ArraySlice<Int64>, _ stopwatch: inout Stopwatch
    ) -> [Refusal] {
        guard let least = positions.min(), let last = records.offsets.last, least <= last else { return [] }
        let decoded = decoder.decode(records.values)
        var refusals = decoded.failures.map { Refusal(record: $0.record, reason: $0.reason) }
        stopwatch.charge(\.decode)
        let batch = evaluate(decoded, records, bucket: bucket, &refusals)
        if let times = batch.eventTimes, let appendTime = records.appendTimes.last {
            watermark?.observe(
                times, excluded: batch.excluded, offsets: batch.offsets, appendTime: appendTime, bucket: bucket)
        }
        stopwatch.charge(\.evaluate)
        for (sink, position) in zip(sinks, positions) where position <= last {
            let firstRow = batch.offsets.firstIndex { $0 >= position } ?? batch.rows
            for row in sink.apply(batch, from: firstRow, &stopwatch) {
                refusals.append(Refusal(record: decoded.records[row], reason: "a key column is NaN"))
            }
        }
        return refusals.filter { records.offsets[$0.record] >= least }
    }

    /// There is nothing left to read in a bucket.
    func drained(bucket: Int) {
        watermark?.drained(bucket: bucket)
    }

    private func evaluate(
        _ decoded: DecodedRecords, _ records: LogRecords, bucket: Int, _ refusals: inout [Refusal]
    ) -> EvaluatedBatch {
        var batch = EvaluatedBatch(
            rows: decoded.batch.count, columns: expressions.map { $0.evaluate(over: decoded.batch) },
            offsets: decoded.records.map { records.offsets[$0] }, bucket: bucket)
        guard let eventTimeIndex, case .int64(let times) = decoded.batch.columns[eventTimeIndex].storage else {
            return batch
        }
        batch.eventTimes = times
        let nulls = decoded.batch.columns[eventTimeIndex].nulls
        for row in 0..<batch.rows {
            let record = decoded.records[row]
            let reason =
                nulls?[row] == true
                ? "there is no event time"
                : EventTimeBounds.reason(against: times[row], appendedAt: records.appendTimes[record])
            if let reason {
                refusals.append(Refusal(record: record, reason: reason))
                batch.exclude(row)
            }
        }
        return batch
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
