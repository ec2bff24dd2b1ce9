internal import CSimdJSON

/// Reads one column's values from text: the fields of delimited records, and keys that people write.
///
/// BOOL is `true` or `false` in any case; INT64 an integer, or a number without a fraction; DOUBLE a number, `NaN`,
/// `Infinity` or `-Infinity`; BYTES base64; TIMESTAMP RFC 3339, or with a unit a number.
package struct ValueParser: Sendable {
    package let type: ValueType
    package let unit: TimeUnit?
    /// What stands for NULL besides nothing at all.
    private let nullText: [UInt8]?

    package init(type: ValueType, unit: TimeUnit? = nil, nullText: String? = nil) {
        self.type = type
        self.unit = unit
        self.nullText = nullText.map { [UInt8]($0.utf8) }
    }

    /// A field in quotes is never NULL: `""` is the empty string.
    package func isNull(_ text: UnsafeRawBufferPointer, isQuoted: Bool) -> Bool {
        if isQuoted { return false }
        if text.isEmpty { return true }
        guard let nullText, nullText.count == text.count else { return false }
        return text.elementsEqual(nullText)
    }

    /// nil for text that is no value of the type. NULL is the caller's to see before.
    package func value(of text: UnsafeRawBufferPointer) -> Value? {
        switch type {
        case .bool: Self.bool(text).map { .bool($0) }
        case .int64: NumberText.int64(text).map { .int64($0) }
        case .double: NumberText.double(text).map { .double($0) }
        case .timestamp: timestamp(text).map { .timestamp($0) }
        case .string: Self.isUTF8(text) ? .string(String(decoding: text, as: UTF8.self)) : nil
        case .bytes: Base64.decode(text).map { .bytes($0) }
        }
    }

    /// The value at the end of a column; false, and NULL there, for text that is no value of the type.
    func append(_ text: UnsafeRawBufferPointer, to column: inout ColumnBuilder) -> Bool {
        switch type {
        case .bool:
            guard let value = Self.bool(text) else { return refuse(&column) }
            column.append(value)
        case .int64:
            guard let value = NumberText.int64(text) else { return refuse(&column) }
            column.append(value)
        case .double:
            guard let value = NumberText.double(text) else { return refuse(&column) }
            column.append(value)
        case .timestamp:
            guard let value = timestamp(text) else { return refuse(&column) }
            column.append(value)
        case .string:
            guard Self.isUTF8(text) else { return refuse(&column) }
            column.append(text)
        case .bytes:
            guard let value = Base64.decode(text) else { return refuse(&column) }
            column.append(value)
        }
        return true
    }

    private func refuse(_ column: inout ColumnBuilder) -> Bool {
        column.appendNull()
        return false
    }

    /// What the type wants, for an error message.
    package var expectation: String {
        switch type {
        case .bool: "BOOL (true or false)"
        case .int64: "INT64 (an integer)"
        case .double: "DOUBLE (a number)"
        case .string: "STRING (UTF-8)"
        case .bytes: "BYTES (base64)"
        case .timestamp:
            unit.map { "TIMESTAMP (RFC 3339, or \($0.rawValue.lowercased()) since 1970)" }
                ?? "TIMESTAMP (RFC 3339: a date, or a time with its offset or Z)"
        }
    }

    private static func bool(_ text: UnsafeRawBufferPointer) -> Bool? {
        if matches(text, "true") { return true }
        return matches(text, "false") ? false : nil
    }

    private static func matches(_ text: UnsafeRawBufferPointer, _ word: StaticString) -> Bool {
        guard text.count == word.utf8CodeUnitCount else { return false }
        for index in 0..<text.count where text[index] | 0x20 != word.utf8Start[index] { return false }
        return true
    }

    private func timestamp(_ text: UnsafeRawBufferPointer) -> Int64? {
        if let time = Timestamp.parse(text) { return time }
        guard let unit else { return nil }
        if let count = NumberText.int64(text) { return Timestamp.convert(count, unit) }
        return NumberText.double(text).flatMap { Timestamp.convert($0, unit) }
    }

    private static func isUTF8(_ text: UnsafeRawBufferPointer) -> Bool {
        for byte in text where byte >= 0x80 {
            guard let start = text.baseAddress else { return true }
            return maser_utf8_is_valid(start.assumingMemoryBound(to: UInt8.self), text.count) == 1
        }
        return true
    }
}

/// Text of a record in an error message, which is one line whatever the record holds; cut when it is long.
func excerpt(_ text: UnsafeRawBufferPointer) -> String {
    var shown = String.UnicodeScalarView()
    for scalar in String(decoding: text.prefix(40), as: UTF8.self).unicodeScalars {
        shown.append(scalar.value < 0x20 || scalar.value == 0x7f ? " " : scalar)
    }
    return "\"\(String(shown))\(text.count > 40 ? "..." : "")\""
}
