package import Expressions
package import Records

/// What fills an output category. Its records are JSON objects of the columns, in their order.
package enum OutputQuery: Codable, Hashable, Sendable {
    /// A record for every record of the input that passes the filter.
    case records(RecordQuery)
    /// Panes of a table of the same app.
    case panes(PaneQuery)
}

package struct RecordQuery: Codable, Hashable, Sendable {
    package var input: String
    package var joins: [JoinClause]
    package var filter: Expression?
    package var columns: [OutputColumn]
    /// Index into `columns`: its text is the record's key, and so decides the bucket.
    package var keyColumn: Int

    package init(
        input: String, joins: [JoinClause] = [], filter: Expression?, columns: [OutputColumn], keyColumn: Int
    ) {
        self.input = input
        self.joins = joins
        self.filter = filter
        self.columns = columns
        self.keyColumn = keyColumn
    }
}

package struct OutputColumn: Codable, Hashable, Sendable {
    package var name: String
    package var type: ValueType
    package var expression: Expression

    package init(name: String, type: ValueType, expression: Expression) {
        self.name = name
        self.type = type
        self.expression = expression
    }
}

package struct PaneQuery: Codable, Hashable, Sendable {
    package enum Emission: String, Codable, Hashable, Sendable {
        /// Each pane once, when the watermark has passed its end.
        case final = "FINAL"
        /// Each pane with every checkpoint that changes it.
        case changes = "CHANGES"
    }

    /// The table whose panes they are; it has the category's name, and is served like any other.
    package var tableID: UInt32
    package var emission: Emission
    /// Index into the table's key columns: its text is the record's key.
    package var keyColumn: Int

    package init(tableID: UInt32, emission: Emission, keyColumn: Int) {
        self.tableID = tableID
        self.emission = emission
        self.keyColumn = keyColumn
    }
}
