internal import Bytes
package import Catalog

/// Counts the NULLs of stored rows, column by column.
package struct NullCounter: Sendable {
    /// Field numbers of the columns, ascending, each with its place among the table's columns.
    private let fields: [(number: Int, column: Int)]

    /// nil for a table that aggregates: what its columns present is not stored.
    package init?(of table: TableEntry) {
        if case .aggregate = table.source { return nil }
        fields = table.columns.enumerated().map { ($1.number, $0) }.sorted { $0.number < $1.number }
    }

    /// Adds `times` to the count of each column that a row has not. A tombstone has no columns to count, and what is no row is
    /// nobody's.
    package func count(_ value: UnsafeRawBufferPointer, times: Int64, into counts: inout [Int64]) {
        guard let stored = StoredValue(value), stored.kind == .row, let row = UpsertRow(stored.message), !row.isDeleted
        else { return }
        var reader = ProtobufReader(stored.message)
        var next = 0
        // The message was read a moment ago.
        while let field = try? reader.next() {
            while next < fields.count, fields[next].number < field.number {
                counts[fields[next].column] += times
                next += 1
            }
            if next < fields.count, fields[next].number == field.number { next += 1 }
        }
        for field in fields[next...] { counts[field.column] += times }
    }
}
