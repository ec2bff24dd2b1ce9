package import Catalog
package import Records

/// Rows as a processor takes them: presented, and one array for each column.
package struct PresentedRows: Sendable {
    package var isPresent: [Bool]
    /// NULL where the row is absent.
    package var columns: [Column]
}

extension TableStore {
    /// The named columns, none of them a key column, of the rows of many keys, which are tuples.
    package func columns(
        _ columns: [TableColumn], of table: TableEntry, keys: ByteStrings
    ) throws(TablesError) -> PresentedRows {
        let rows = try get(table, keys: keys)
        let layout = RowLayout(columns: columns.map { ($0.number, $0.name, $0.type) })
        do {
            return PresentedRows(
                isPresent: rows.isPresent,
                columns: try layout.decodeColumns(rows.messages, isPresent: rows.isPresent))
        } catch {
            throw TablesError(.corruption, "table \(table.name): \(error.message)", cause: error)
        }
    }
}
