internal import Catalog
internal import Categories
internal import Expressions
internal import Records

/// Prepares the records of one input table for the tables over it, which share its decoding and every expression that
/// two of them use. Has no state: several threads may prepare batches at once.
struct InputPreparer: Sendable {
    private let decoder: RecordDecoder
    private let expressions: [Expression]
    /// Where the decoder puts the event time.
    private let eventTimeIndex: Int?
    private let plans: [TablePlan]

    init(_ input: InputTableEntry, plans: [TablePlan], pool: ExpressionPool) throws(ProcessorsError) {
        let needed = Set(pool.inputColumns).union(input.eventTimeColumn.map { [$0] } ?? []).sorted()
        guard needed.allSatisfy({ input.columns.indices.contains($0) }) else {
            throw ProcessorsError(.invalidPlan, "a table reads a column that \(input.name) does not have")
        }
        if let eventTime = input.eventTimeColumn, input.columns[eventTime].type != .timestamp {
            throw ProcessorsError(.invalidPlan, "the event time of \(input.name) is no TIMESTAMP")
        }
        decoder = RecordDecoder(format: input.format, schema: input.columns, needed: needed)
        expressions = pool.narrowed(to: needed)
        eventTimeIndex = input.eventTimeColumn.flatMap { needed.firstIndex(of: $0) }
        self.plans = plans
    }

    func prepare(_ records: LogRecords, bucket: Int, _ stopwatch: inout Stopwatch) -> PreparedInput {
        let decoded = decoder.decode(records.values)
        var refusals = decoded.failures.map { Refusal(record: $0.record, reason: $0.reason) }
        stopwatch.charge(\.decode)
        let batch = evaluate(decoded, records, bucket: bucket, &refusals)
        let rows = plans.map { plan in
            let (rows, unencodable) = plan.rows(of: batch)
            refusals += unencodable.map { Refusal(record: decoded.records[$0], reason: "a key column is NaN") }
            return rows
        }
        stopwatch.charge(\.evaluate)
        return PreparedInput(batch: batch, rows: rows, refusals: refusals)
    }

    /// The columns of the input first; those of the joins would follow them.
    private func columns(_ decoded: DecodedRecords) -> RecordBatch {
        decoded.batch
    }

    private func evaluate(
        _ decoded: DecodedRecords, _ records: LogRecords, bucket: Int, _ refusals: inout [Refusal]
    ) -> EvaluatedBatch {
        let columns = columns(decoded)
        var batch = EvaluatedBatch(
            rows: columns.count, columns: expressions.map { $0.evaluate(over: columns) },
            offsets: decoded.records.map { records.offsets[$0] }, bucket: bucket)
        guard let eventTimeIndex, case .int64(let times) = columns.columns[eventTimeIndex].storage else {
            return batch
        }
        batch.eventTimes = times
        let nulls = columns.columns[eventTimeIndex].nulls
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
    /// The rows that the table takes, and those that no key can be made of.
    func rows(of batch: EvaluatedBatch) -> (KeyedRows, unencodable: [Int]) {
        var rows = KeyedRows(slots: batch.select(filter: filter), keys: KeyBatch())
        let paneStarts = pane.flatMap { pane in batch.eventTimes.map { pane.starts(of: $0, slots: rows.slots) } }
        let unencodable = rows.keys.encode(keys.map { batch.columns[$0] }, paneStarts: paneStarts, slots: &rows.slots)
        rows.keys.hash(rows.slots)
        return (rows, unencodable)
    }
}
