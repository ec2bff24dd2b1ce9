package import Catalog
package import Records

/// Where joins find rows: the table store for a running app, anything else for who runs a plan without one. Called from many
/// threads at once.
package protocol TableLookup: Sendable {
    /// The rows of many distinct keys, which are tuples, of the version that serves now. None where there is no such version.
    /// `columns` are none of the table's key columns.
    func rows(
        of table: UInt32, columns: [JoinedColumn], keys: ByteStrings
    ) throws(ProcessorsError) -> JoinedRows
}

package struct JoinedRows: Sendable {
    /// One for each key.
    package var isFound: [Bool]
    /// In the order asked for; NULL where there is no row.
    package var columns: [Column]
    /// Keys, by index, whose row is too large to be read at all: no record that needs one can be applied, now or later.
    package var unreadable: [Int]

    package init(isFound: [Bool], columns: [Column], unreadable: [Int] = []) {
        self.isFound = isFound
        self.columns = columns
        self.unreadable = unreadable
    }
}

/// For plans without joins.
package struct NoTables: TableLookup {
    package init() {}

    package func rows(
        of table: UInt32, columns: [JoinedColumn], keys: ByteStrings
    ) throws(ProcessorsError) -> JoinedRows {
        throw ProcessorsError(.invalidPlan, "there are no tables to join here")
    }
}
