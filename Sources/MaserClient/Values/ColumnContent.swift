package import Records

/// What a column of a row has, whatever its type.
public enum ColumnContent: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    case timestamp(Timestamp)
}

extension ColumnContent {
    package init(_ value: Value) {
        self =
            switch value {
            case .null: .null
            case .bool(let value): .bool(value)
            case .int64(let value): .integer(value)
            case .double(let value): .double(value)
            case .string(let value): .string(value)
            case .bytes(let value): .bytes(value)
            case .timestamp(let value): .timestamp(Timestamp(microseconds: value))
            }
    }

    /// As a value of a key column of `type`; nil where it has none. An integer is a double where it is one exactly.
    package func value(as type: ValueType) -> Value? {
        switch (self, type) {
        case (.null, _): .null
        case (.bool(let value), .bool): .bool(value)
        case (.integer(let value), .int64): .int64(value)
        case (.integer(let value), .double): Double(exactly: value).map { .double($0) }
        case (.double(let value), .double): .double(value)
        case (.string(let value), .string): .string(value)
        case (.bytes(let value), .bytes): .bytes(value)
        case (.timestamp(let value), .timestamp): .timestamp(value.microseconds)
        default: nil
        }
    }

    /// The SQL name of its type, for messages.
    var typeName: String {
        switch self {
        case .null: "NULL"
        case .bool: ValueType.bool.rawValue
        case .integer: ValueType.int64.rawValue
        case .double: ValueType.double.rawValue
        case .string: ValueType.string.rawValue
        case .bytes: ValueType.bytes.rawValue
        case .timestamp: ValueType.timestamp.rawValue
        }
    }
}
