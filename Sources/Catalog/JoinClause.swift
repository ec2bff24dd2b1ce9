package import Expressions
package import Records

/// A lookup by full key in a served table, once for every record. The expressions of its query see the joined columns
/// after those of the input table, one join after the other.
package struct JoinClause: Codable, Hashable, Sendable {
    package var tableID: UInt32
    /// LEFT JOIN: a record without a row is kept, with NULLs; else it is passed over.
    package var keepsUnmatched: Bool
    /// One for each key column of the table, in order, over the input's columns and those of the joins before. Where one
    /// of them is NULL, there is no row.
    package var keys: [Expression]
    /// What the query uses of the table: key columns too, which are NULL as the rest where there is no row.
    package var columns: [JoinedColumn]
    /// What the query calls the table, for people.
    package var name: String

    package init(
        tableID: UInt32, keepsUnmatched: Bool, keys: [Expression], columns: [JoinedColumn], name: String = ""
    ) {
        self.tableID = tableID
        self.keepsUnmatched = keepsUnmatched
        self.keys = keys
        self.columns = columns
        self.name = name
    }
}

/// A column of a joined table; found by name again when that table's app changes.
package struct JoinedColumn: Codable, Hashable, Sendable {
    package var name: String
    package var type: ValueType

    package init(name: String, type: ValueType) {
        self.name = name
        self.type = type
    }
}
