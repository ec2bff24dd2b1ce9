internal import Bytes
internal import Catalog
internal import Records

/// What one output category takes from a batch: its statement, with every expression replaced by its place in the pool.
struct RecordPlan: Sendable {
    /// A record that would be larger is a dead letter: a log and its readers have to take it whole.
    static let greatestRecordByteCount = 8 << 20

    let category: CategoryEntry
    private let filter: Int?
    private let columns: [Int]
    /// Index into `columns`.
    private let keyColumn: Int
    private let writer: JSONRowWriter

    init(
        _ category: CategoryEntry, _ query: RecordQuery, pool: inout ExpressionPool, joins: inout JoinPool
    ) throws(ProcessorsError) {
        guard query.columns.indices.contains(query.keyColumn) else {
            throw ProcessorsError(.invalidPlan, "the key of output category \(category.name) is none of its columns")
        }
        self.category = category
        let scope = try joins.scope(of: query.joins, filter: query.filter)
        filter = scope.resolve(filter: query.filter).map { pool.index(of: $0) }
        columns = query.columns.map { pool.index(of: scope.resolve($0.expression)) }
        keyColumn = query.keyColumn
        writer = JSONRowWriter(names: query.columns.map(\.name))
    }

    /// A record for each row that passes the filter, and the rows whose record would be too large.
    func render(_ batch: EvaluatedBatch) -> (RenderedRecords, oversized: [Int]) {
        let slots = batch.select(filter: filter)
        let columns = self.columns.map { batch.columns[$0] }
        var oversized: [Int] = []
        var rendered = RenderedRecords()
        var values = ByteWriter(capacity: batch.rows * 64)
        var keys = ByteWriter(capacity: batch.rows * 16)
        for row in 0..<batch.rows where slots[row] != GroupMap.noSlot {
            let start = values.count
            writer.append(columns, row: row, to: &values)
            if values.count - start > Self.greatestRecordByteCount {
                values.bytes.removeSubrange(start...)
                oversized.append(row)
                continue
            }
            rendered.rows.append(row)
            rendered.hasKey.append(RecordKeyText.append(columns[keyColumn], row: row, to: &keys))
            rendered.keys.ends.append(keys.count)
            rendered.values.ends.append(values.count)
        }
        rendered.keys.arena = keys.bytes
        rendered.values.arena = values.bytes
        return (rendered, oversized)
    }
}

/// Records for an output category.
struct RenderedRecords: Sendable {
    /// Of the batch that they come from, ascending.
    var rows: [Int] = []
    var keys = ByteStrings()
    /// A record whose key column is NULL has no key.
    var hasKey: [Bool] = []
    var values = ByteStrings()
}
