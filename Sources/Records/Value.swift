/// One value of a column. The control plane and the edges speak in values; the data plane speaks in `Column`s.
package enum Value: Hashable, Sendable {
    case null
    case bool(Bool)
    case int64(Int64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    /// Microseconds since 1970, UTC.
    case timestamp(Int64)

    /// nil for NULL, which has every type.
    package var type: ValueType? {
        switch self {
        case .null: nil
        case .bool: .bool
        case .int64: .int64
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        case .timestamp: .timestamp
        }
    }
}

extension Value: Codable {
    private enum CodingKeys: String, CodingKey { case type, value }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        guard let type = try container.decodeIfPresent(ValueType.self, forKey: .type) else {
            self = .null
            return
        }
        switch type {
        case .bool: self = .bool(try container.decode(Bool.self, forKey: .value))
        case .int64: self = .int64(try container.decode(Int64.self, forKey: .value))
        // Bits, because JSON has neither NaN nor infinities.
        case .double: self = .double(Double(bitPattern: try container.decode(UInt64.self, forKey: .value)))
        case .string: self = .string(try container.decode(String.self, forKey: .value))
        case .bytes: self = .bytes(try container.decode([UInt8].self, forKey: .value))
        case .timestamp: self = .timestamp(try container.decode(Int64.self, forKey: .value))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(type, forKey: .type)
        switch self {
        case .null: break
        case .bool(let value): try container.encode(value, forKey: .value)
        case .int64(let value), .timestamp(let value): try container.encode(value, forKey: .value)
        case .double(let value): try container.encode(value.bitPattern, forKey: .value)
        case .string(let value): try container.encode(value, forKey: .value)
        case .bytes(let value): try container.encode(value, forKey: .value)
        }
    }
}
