package import Bytes

/// Writes rows of a batch as JSON objects, in the form that `JSONText` gives values; a NULL is `null`.
package struct JSONRowWriter: Sendable {
    /// What stands before each value: a brace or a comma, the name and a colon.
    private let openings: [[UInt8]]

    package init(names: [String]) {
        openings = names.enumerated().map { index, name in
            var writer = ByteWriter()
            writer.append(index == 0 ? UInt8(ascii: "{") : UInt8(ascii: ","))
            JSONText.append(string: name, to: &writer)
            writer.append(UInt8(ascii: ":"))
            return writer.bytes
        }
    }

    /// One object, its fields in the order of the names.
    package func append(_ columns: [Column], row: Int, to writer: inout ByteWriter) {
        precondition(columns.count == openings.count)
        if columns.isEmpty { writer.append(UInt8(ascii: "{")) }
        for index in columns.indices {
            writer.append(contentsOf: openings[index])
            JSONText.append(columns[index], row: row, to: &writer)
        }
        writer.append(UInt8(ascii: "}"))
    }
}

extension JSONText {
    package static func append(_ column: Column, row: Int, to writer: inout ByteWriter) {
        if let nulls = column.nulls, nulls[row] { return append(.null, to: &writer) }
        switch column.storage {
        case .bool(let values): append(.bool(values[row]), to: &writer)
        case .int64(let values):
            append(column.type == .timestamp ? .timestamp(values[row]) : .int64(values[row]), to: &writer)
        case .double(let values): append(.double(values[row]), to: &writer)
        case .bytes(let strings):
            guard column.type == .string else { return append(.bytes([UInt8](strings[row])), to: &writer) }
            let range = strings.range(at: row)
            strings.arena.withUnsafeBytes { append(utf8: UnsafeRawBufferPointer(rebasing: $0[range]), to: &writer) }
        }
    }

    /// Most text has nothing to escape, and is copied as it is.
    private static func append(utf8 text: UnsafeRawBufferPointer, to writer: inout ByteWriter) {
        let isPlain = text.allSatisfy {
            $0 >= 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        }
        guard isPlain else { return append(string: String(decoding: text, as: UTF8.self), to: &writer) }
        writer.append(UInt8(ascii: "\""))
        writer.append(contentsOf: text)
        writer.append(UInt8(ascii: "\""))
    }
}
