package import Catalog
package import Records
package import Tables

/// Encodes rows of a table that loads fill: columns in, keys and stored values out, a batch at a time.
package struct LoadedRowEncoder: Sendable {
    private let keyColumnCount: Int
    private let storageKey: StorageKey
    private let hashesWholeKey: Bool
    private let encoder: UpsertRowEncoder

    package struct Rows: Sendable {
        package var shards: [UInt16]
        /// Of a refused row empty.
        package var keys: ByteStrings
        package var values: ByteStrings
        /// Rows whose key holds a NaN.
        package var refused: [Int]
    }

    package init(of table: TableEntry, shardCount: Int) {
        keyColumnCount = table.keyColumns.count
        storageKey = StorageKey(of: table, shardCount: shardCount)
        hashesWholeKey = table.shardColumnCount == table.keyColumns.count
        encoder = UpsertRowEncoder(of: table)
    }

    /// `columns` are the key columns, then the others; the first row is `firstRow` of its file.
    package func encode(_ columns: [Column], count: Int, file: Int, firstRow: Int) -> Rows {
        var slots = [UInt32](repeating: 0, count: count)
        var keys = KeyBatch()
        let refused = keys.encode(Array(columns[..<keyColumnCount]), paneStarts: nil, slots: &slots)
        return Rows(
            shards: shards(of: keys), keys: ByteStrings(arena: keys.arena, ends: keys.ends),
            values: encoder.encode(
                batch: Array(columns[keyColumnCount...]), count: count, file: file, firstRow: firstRow),
            refused: refused)
    }

    private func shards(of keys: KeyBatch) -> [UInt16] {
        keys.arena.withUnsafeBytes { arena in
            keys.ends.indices.map { row in
                let key = UnsafeRawBufferPointer(rebasing: arena[keys.range(at: row)])
                if hashesWholeKey { return storageKey.shard(ofLeadingColumns: key) }
                // A key that was encoded a moment ago; a refused row has none.
                return (try? storageKey.shard(of: key)) ?? 0
            }
        }
    }
}
