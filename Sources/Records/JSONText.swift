package import Bytes

/// Values as JSON: INT64 as a number, DOUBLE as the shortest number that reads back as the same, NaN and infinities as
/// strings, BYTES as base64, TIMESTAMP as RFC 3339.
package enum JSONText {
    package static func append(_ value: Value, to writer: inout ByteWriter) {
        switch value {
        case .null: append(plain: "null", to: &writer)
        case .bool(let value): append(plain: value ? "true" : "false", to: &writer)
        case .int64(let value): append(plain: String(value), to: &writer)
        case .double(let value): append(value, to: &writer)
        case .string(let value): append(string: value, to: &writer)
        case .bytes(let value):
            writer.append(UInt8(ascii: "\""))
            Base64.append(value, to: &writer)
            writer.append(UInt8(ascii: "\""))
        case .timestamp(let value):
            append(plain: "\"" + Timestamp.format(value) + "\"", to: &writer)
        }
    }

    package static func append(string: String, to writer: inout ByteWriter) {
        writer.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                writer.append(UInt8(ascii: "\\"))
                writer.append(byte)
            case UInt8(ascii: "\n"): append(plain: "\\n", to: &writer)
            case UInt8(ascii: "\r"): append(plain: "\\r", to: &writer)
            case UInt8(ascii: "\t"): append(plain: "\\t", to: &writer)
            // DEL as well: JSON allows it, terminals do not show it.
            case 0..<0x20, 0x7f:
                let digits = String(byte, radix: 16)
                append(plain: "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits, to: &writer)
            default: writer.append(byte)
            }
        }
        writer.append(UInt8(ascii: "\""))
    }

    /// One object on one line, its fields in the order given.
    package static func append(object fields: some Sequence<(name: String, value: Value)>, to writer: inout ByteWriter)
    {
        writer.append(UInt8(ascii: "{"))
        var isFirst = true
        for (name, value) in fields {
            if !isFirst { writer.append(UInt8(ascii: ",")) }
            isFirst = false
            append(string: name, to: &writer)
            writer.append(UInt8(ascii: ":"))
            append(value, to: &writer)
        }
        writer.append(UInt8(ascii: "}"))
    }

    package static func text(of value: Value) -> String {
        var writer = ByteWriter()
        append(value, to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    package static func object(_ fields: some Sequence<(name: String, value: Value)>) -> String {
        var writer = ByteWriter()
        append(object: fields, to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private static func append(_ value: Double, to writer: inout ByteWriter) {
        if value.isNaN {
            append(plain: "\"NaN\"", to: &writer)
        } else if value.isInfinite {
            append(plain: value < 0 ? "\"-Infinity\"" : "\"Infinity\"", to: &writer)
        } else {
            append(plain: value.description, to: &writer)
        }
    }

    private static func append(plain text: String, to writer: inout ByteWriter) {
        var text = text
        text.withUTF8 { writer.append(contentsOf: UnsafeRawBufferPointer($0)) }
    }
}
