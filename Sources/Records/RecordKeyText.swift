package import Bytes

/// The key that a record has when a column of it decides the bucket: what `RecordKeyFinder` finds in the record's JSON.
package enum RecordKeyText {
    /// false, with nothing appended, for NULL: such a record has no key.
    package static func append(_ column: Column, row: Int, to writer: inout ByteWriter) -> Bool {
        if let nulls = column.nulls, nulls[row] { return false }
        switch column.storage {
        case .bytes(let strings) where column.type == .string:
            let range = strings.range(at: row)
            strings.arena.withUnsafeBytes { writer.append(contentsOf: UnsafeRawBufferPointer(rebasing: $0[range])) }
        case .bytes(let strings): Base64.append(strings[row], to: &writer)
        case .bool(let values): append(values[row] ? "true" : "false", to: &writer)
        case .int64(let values):
            append(column.type == .timestamp ? Timestamp.format(values[row]) : String(values[row]), to: &writer)
        case .double(let values): append(text(of: values[row]), to: &writer)
        }
        return true
    }

    /// An integral number without a fraction, as everywhere a key is made of a number.
    private static func text(of value: Double) -> String {
        if let integral = NumberText.integral(value) { return String(integral) }
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        return value.description
    }

    private static func append(_ text: String, to writer: inout ByteWriter) {
        var text = text
        text.withUTF8 { writer.append(contentsOf: UnsafeRawBufferPointer($0)) }
    }
}
