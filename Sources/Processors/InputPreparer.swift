internal import Catalog
internal import Categories
internal import Expressions
internal import Records

/// Prepares the records of one input table for the tables over it, which share its decoding and every expression that
/// two of them use. Has no state: several threads may prepare batches at once.
struct InputPreparer: Sendable {
    private let decoder: RecordDecoder
    /// Columns of the input that the decoder makes, and so those that a batch of typed columns has to give.
    private let needed: [Int]
    private let expressions: [Expression]
    /// Where the decoder puts the event time.
    private let eventTimeIndex: Int?
    private let plans: [TablePlan]
    private let outputs: [RecordPlan]
    private let joins: JoinPreparer

    init(
        _ input: InputTableEntry, plans: [TablePlan], outputs: [RecordPlan] = [], pool: ExpressionPool,
        joins: JoinPool, lookup: any TableLookup
    ) throws(ProcessorsError) {
        let inputColumnCount = input.columns.count
        let read = Set(pool.inputColumns).union(joins.joins.flatMap(\.columnsRead))
        guard read.allSatisfy({ $0 < joins.columnCount }) else {
            throw ProcessorsError(.invalidPlan, "a query reads a column that \(input.name) does not have")
        }
        if let eventTime = input.eventTimeColumn, input.columns[eventTime].type != .timestamp {
            throw ProcessorsError(.invalidPlan, "the event time of \(input.name) is no TIMESTAMP")
        }
        let needed = read.filter { $0 < inputColumnCount }.union(input.eventTimeColumn.map { [$0] } ?? []).sorted()
        // Where a batch has the columns that there are: those of the input that are needed, then those of all joins.
        let columns = needed + Array(inputColumnCount..<joins.columnCount)
        decoder = RecordDecoder(format: input.format, schema: input.columns, needed: needed)
        self.needed = needed
        expressions = pool.narrowed(to: columns)
        let places = Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($1, $0) })
        self.joins = JoinPreparer(joins.joins, lookup: lookup) { $0.remapped(places) }
        eventTimeIndex = input.eventTimeColumn.flatMap { needed.firstIndex(of: $0) }
        self.plans = plans
        self.outputs = outputs
    }

    /// `bucket` may be `EvaluatedBatch.files`: such records have no append times.
    func prepare(
        _ records: LogRecords, bucket: Int, _ stopwatch: inout Stopwatch
    ) throws(ProcessorsError) -> PreparedInput {
        let decoded = decoder.decode(records.values)
        stopwatch.charge(\.decode)
        return try prepare(decoded, records, bucket: bucket, before: nil, &stopwatch)
    }

    /// Rows of a file whose columns are all those of the input table. Those whose event time is not before `end` are left out.
    func prepare(
        _ columns: RecordBatch, offsets: [Int64], before end: Int64?, _ stopwatch: inout Stopwatch
    ) throws(ProcessorsError) -> PreparedInput {
        let decoded = DecodedRecords(
            batch: RecordBatch(count: columns.count, columns: needed.map { columns.columns[$0] }),
            records: Array(0..<columns.count), failures: [])
        return try prepare(
            decoded, LogRecords(offsets: offsets), bucket: EvaluatedBatch.files, before: end, &stopwatch)
    }

    private func prepare(
        _ decoded: DecodedRecords, _ records: LogRecords, bucket: Int, before end: Int64?, _ stopwatch: inout Stopwatch
    ) throws(ProcessorsError) -> PreparedInput {
        var refusals = decoded.failures.map { Refusal(record: $0.record, reason: $0.reason) }
        var batch = EvaluatedBatch(
            rows: decoded.batch.count, columns: [],
            offsets: decoded.failures.isEmpty ? records.offsets : decoded.records.map { records.offsets[$0] },
            bucket: bucket)
        takeEventTimes(of: decoded, records, into: &batch, &refusals)
        let leftOut = end.map { batch.exclude(from: $0) } ?? 0
        var columns = decoded.batch
        var unmatched = 0
        if !joins.isEmpty {
            stopwatch.charge(\.evaluate)
            let joined = try joins.join(decoded.batch, excluded: batch.excluded)
            columns.columns += joined.columns
            unmatched = joined.unmatched
            for row in joined.refused {
                refusals.append(Refusal(record: decoded.records[row], reason: "a joined row is too large to be read"))
                batch.exclude(row)
            }
            stopwatch.charge(\.join)
        }
        batch.columns = expressions.map { $0.evaluate(over: columns) }
        let rows = plans.map { plan in
            let (rows, unencodable) = plan.rows(of: batch)
            refusals += unencodable.map { Refusal(record: decoded.records[$0], reason: "a key column is NaN") }
            return rows
        }
        let rendered = outputs.map { output in
            let (records, oversized) = output.render(batch)
            for row in oversized {
                let reason = "its record in \(output.category.name) would be too large"
                refusals.append(Refusal(record: decoded.records[row], reason: reason))
            }
            return records
        }
        stopwatch.charge(\.evaluate)
        return PreparedInput(
            batch: batch, rows: rows, outputs: rendered, refusals: refusals, unmatched: unmatched, leftOut: leftOut)
    }

    private func takeEventTimes(
        of decoded: DecodedRecords, _ records: LogRecords, into batch: inout EvaluatedBatch,
        _ refusals: inout [Refusal]
    ) {
        guard let eventTimeIndex, case .int64(let times) = decoded.batch.columns[eventTimeIndex].storage else { return }
        batch.eventTimes = times
        let nulls = decoded.batch.columns[eventTimeIndex].nulls
        if nulls == nil, batch.bucket != EvaluatedBatch.files, let first = records.appendTimes.first,
            let last = records.appendTimes.last, EventTimeBounds.contain(times, appendedFrom: first, to: last)
        {
            return
        }
        for row in 0..<batch.rows {
            let record = decoded.records[row]
            let reason =
                nulls?[row] == true
                ? "there is no event time"
                : EventTimeBounds.reason(
                    against: times[row],
                    appendedAt: batch.bucket == EvaluatedBatch.files ? nil : records.appendTimes[record])
            if let reason {
                refusals.append(Refusal(record: record, reason: reason))
                batch.exclude(row)
            }
        }
    }
}

extension TablePlan {
    /// The rows that the table takes, and those that no key can be made of.
    func rows(of batch: EvaluatedBatch) -> (KeyedRows, unencodable: [Int]) {
        var rows = KeyedRows(slots: batch.select(filter: filter), keys: KeyBatch())
        let paneStarts = pane.flatMap { pane in batch.eventTimes.map { pane.starts(of: $0, slots: rows.slots) } }
        let unencodable = rows.keys.encode(keys.map { batch.columns[$0] }, paneStarts: paneStarts, slots: &rows.slots)
        rows.paneStarts = paneStarts
        rows.keys.hash()
        return (rows, unencodable)
    }
}
