internal import Catalog
internal import Processors
internal import Records

/// Rows of a table, encoded and on their way into a sort.
struct EncodedRows {
    /// nil: each key begins with its shard.
    var shards: [UInt16]?
    var keys: ByteStrings
    var values: ByteStrings
    /// What source rows they are of, once all of them are taken up.
    var covered: [RowRange]
    var taken: Int64
    var leftOut: Int64 = 0

    var count: Int { keys.count }

    /// Each row is one of the source rows, in their order, and can be taken up without those after it.
    var isSplittable: Bool { shards != nil }
}

/// Turns source rows into rows of the table. One thread has it.
protocol RowEncoder: AnyObject {
    /// What is to be taken up now; nil where the encoder waits for more.
    func encode(_ item: BatchQueue.Item) throws(BulkLoadError) -> EncodedRows?
    /// What it still has.
    func finish() throws(BulkLoadError) -> EncodedRows?
}

/// Of a table that loads fill: every source row is a row.
final class LoadedRows: RowEncoder {
    private let table: TableEntry
    private let encoder: LoadedRowEncoder

    init(_ descriptor: LoadDescriptor) {
        table = descriptor.table
        encoder = LoadedRowEncoder(of: table, shardCount: descriptor.shardCount)
    }

    func encode(_ item: BatchQueue.Item) throws(BulkLoadError) -> EncodedRows? {
        let batch = item.batch
        let rows = encoder.encode(batch.columns, count: batch.count, file: item.rows.file, firstRow: item.rows.first)
        if let row = rows.refused.first { throw refusal(of: row, in: item) }
        return EncodedRows(
            shards: rows.shards, keys: rows.keys, values: rows.values, covered: [item.rows],
            taken: Int64(batch.count))
    }

    func finish() throws(BulkLoadError) -> EncodedRows? { nil }

    private func refusal(of row: Int, in item: BatchQueue.Item) -> BulkLoadError {
        let names = zip(table.keyColumns, item.batch.columns).filter { _, column in
            if case .double(let value) = column.value(at: row) { value.isNaN } else { false }
        }.map(\.0.name)
        return item.batch.malformed(
            "column \(names.joined(separator: ", ")): NaN cannot be part of a key", row: row, in: item.path)
    }
}
