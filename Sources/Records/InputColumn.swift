/// One column of an input table: its type, and where a record has its value.
package struct InputColumn: Codable, Hashable, Sendable {
    package var name: String
    package var type: ValueType
    /// Where the value stands in a record: the names of nested JSON fields from the outside in; of a delimited record
    /// the column's position in the schema decides.
    package var path: [String]
    /// How a TIMESTAMP that is a number counts; nil where only RFC 3339 is read.
    package var unit: TimeUnit?

    package init(name: String, type: ValueType, path: [String], unit: TimeUnit? = nil) {
        self.name = name
        self.type = type
        self.path = path
        self.unit = unit
    }
}
