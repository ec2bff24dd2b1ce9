/// The types of DESIGN: what a column of an input table or of a table can hold. Any of them may be NULL.
///
/// The raw values are the names in SQL and in the catalog; they are stored.
package enum ValueType: String, Codable, Hashable, Sendable, CaseIterable {
    case bool = "BOOL"
    case int64 = "INT64"
    case double = "DOUBLE"
    case string = "STRING"
    case bytes = "BYTES"
    /// Microseconds since 1970, UTC.
    case timestamp = "TIMESTAMP"
}
