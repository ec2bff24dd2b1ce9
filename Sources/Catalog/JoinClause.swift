package import Expressions
package import Records

/// A lookup by full key in a served table, once for every record. The expressions of its query see the joined columns
/// after those of the input table, one join after the other.
package struct JoinClause: Codable, Hashable, Sendable {
    package var tableID: UInt32
    /// LEFT JOIN: a record without a row is kept, with NULLs; else it is passed over.
    package var keepsUnmatched: Bool
    /// One for each key column of the table, in order, over the input's columns and those of the joins before.
    package var keys: [Expression]
    /// What the query uses of the table.
    package var columns: [JoinedColumn]

    package init(tableID: UInt32, keepsUnmatched: Bool, keys: [Expression], columns: [JoinedColumn]) {
        self.tableID = tableID
        self.keepsUnmatched = keepsUnmatched
        self.keys = keys
        self.columns = columns
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
