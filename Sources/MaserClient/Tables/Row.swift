package import Records

/// A row whose columns are read by name, for when there is no type for it: key columns and the others alike.
///
/// ```swift
/// let flights = try row["flights", as: Int.self]       // nil for NULL
/// ```
public struct Row: Sendable {
    let schema: TableSchema
    /// Key columns first, then the others.
    package let values: [Value]

    init(schema: TableSchema, values: [Value]) {
        self.schema = schema
        self.values = values
    }

    /// Names of all columns: key columns first.
    public var columnNames: [String] { schema.columnNames }

    /// The column's value, or nil for NULL. Throws `notFound` where the table has no such column, and `decoding` where
    /// its value is no `T`. Names match without case.
    public subscript<T: ColumnValue>(name: String, as type: T.Type) -> T? {
        get throws(ClientError) {
            let content = try self[name]
            if content == .null { return nil }
            guard let value = T(columnContent: content) else {
                throw ClientError(
                    .decoding,
                    "column \(name) of table \(schema.name) is \(content.typeName) and cannot be read as \(T.self)")
            }
            return value
        }
    }

    /// The column's value, whatever its type.
    public subscript(name: String) -> ColumnContent {
        get throws(ClientError) {
            guard let index = schema.index(of: name) else { throw schema.unknownColumn(name) }
            return ColumnContent(values[index])
        }
    }
}

/// A `Row` is read as itself by whatever reads typed rows.
extension Row: Decodable {
    public init(from decoder: any Decoder) throws {
        guard let decoder = decoder as? RowDecoder else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a Row is only read from a table's row"))
        }
        self = decoder.row
    }
}

extension Row: CustomStringConvertible {
    public var description: String {
        let columns = zip(columnNames, values).map { "\($0): \(JSONText.text(of: $1))" }
        return "{\(columns.joined(separator: ", "))}"
    }
}
