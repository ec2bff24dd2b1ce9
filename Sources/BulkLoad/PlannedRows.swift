internal import Catalog
internal import Processors
internal import Records
internal import Tables

/// Of a table that a category feeds: source rows are records of its input table, and the table's own plan makes its rows of
/// them, as it does of the category's.
final class PlannedRows: RowEncoder {
    private let descriptor: LoadDescriptor
    private let input: String
    private let run: BatchRun
    /// Rows at or after it are left to the category.
    private let end: Int64?
    private var covered: [RowRange] = []
    private var taken: Int64 = 0
    private var leftOut: Int64 = 0

    init(
        _ descriptor: LoadDescriptor, _ input: InputTableEntry, joined: JoinedTables, end: Int64?, memoryBytes: Int
    ) throws(BulkLoadError) {
        self.descriptor = descriptor
        self.input = input.name
        self.end = end
        do {
            run = try BatchRun(
                inputs: [input], tables: [descriptor.table.withBatchVersion], shardCount: descriptor.shardCount,
                joinable: joined.tables, lookup: joined.lookup, greatestByteCount: memoryBytes)
        } catch {
            throw BulkLoadError(error)
        }
    }

    func encode(_ item: BatchQueue.Item) throws(BulkLoadError) -> EncodedRows? {
        let batch = item.batch
        let applied: BatchRun.Applied
        do {
            applied = try run.apply(
                RecordBatch(count: batch.count, columns: batch.columns), to: input, file: item.rows.file,
                firstRow: item.rows.first, before: end)
        } catch {
            throw BulkLoadError(error)
        }
        if let refused = applied.refused.first {
            throw batch.malformed(refused.reason, row: refused.record, in: item.path)
        }
        covered.append(item.rows)
        taken += Int64(applied.taken)
        leftOut += Int64(applied.leftOut)
        return run.isFull ? take() : nil
    }

    func finish() throws(BulkLoadError) -> EncodedRows? {
        covered.isEmpty ? nil : take()
    }

    private func take() -> EncodedRows {
        var keys = ByteStrings()
        var values = ByteStrings()
        for merges in run.takeMerges() {
            // There is one table, with one version.
            keys = merges.keys
            values = merges.operands
        }
        defer {
            covered = []
            taken = 0
            leftOut = 0
        }
        return EncodedRows(
            shards: nil, keys: keys, values: values, covered: covered, taken: taken, leftOut: leftOut)
    }
}

extension TableEntry {
    /// As a batch fills it: nothing is too old for it, and there is one version.
    fileprivate var withBatchVersion: TableEntry {
        var table = self
        table.lifetimeMicroseconds = nil
        table.versions = [VersionEntry(number: 1, createdAt: 0, origin: "files")]
        table.servingVersion = 1
        table.nextVersion = 2
        return table
    }
}
