internal import CSimdJSON

/// Keys as people write them: a JSON array where the text starts with `[`, else one CSV record, in which nothing between
/// two commas is NULL and `""` is the empty string. The key columns' types say what each value is.
package enum KeyText {
    /// The values of the key columns in order; with `allowsPrefix` those of the first columns, as many as are written.
    package static func parse(
        _ text: String, columns: [(name: String, type: ValueType)], allowsPrefix: Bool = false
    ) throws(RecordsError) -> [Value] {
        let bytes = [UInt8](text.utf8)
        let values = try bytes.first == UInt8(ascii: "[") ? json(bytes, columns) : delimited(bytes, columns)
        guard values.count == columns.count || allowsPrefix && values.count < columns.count else {
            let names = columns.map(\.name).joined(separator: ", ")
            let wanted = allowsPrefix ? "at most \(columns.count)" : "\(columns.count)"
            throw RecordsError(
                .malformed,
                "the key \(excerpt(bytes)) has \(values.count) \(values.count == 1 ? "value" : "values"), "
                    + "wanted \(columns.count == 1 ? "is" : "are") \(wanted): \(names)")
        }
        return try values.map { value throws(RecordsError) in try value.get() }
    }

    /// What a key column's value has to be; a value beyond the last column is counted and never looked at.
    private typealias Parsed = Result<Value, RecordsError>

    private static func json(
        _ text: [UInt8], _ columns: [(name: String, type: ValueType)]
    ) throws(RecordsError) -> [Parsed] {
        let cells = UnsafeMutableBufferPointer<maser_json_cell>.allocate(capacity: columns.count + 1)
        let strings = UnsafeMutableRawBufferPointer.allocate(byteCount: text.count + 1, alignment: 1)
        defer {
            cells.deallocate()
            strings.deallocate()
        }
        let count = maser_json_array(
            text, text.count, cells.baseAddress, columns.count, strings.baseAddress?.assumingMemoryBound(to: UInt8.self)
        )
        guard count >= 0 else {
            throw RecordsError(.malformed, "the key \(excerpt(text)) is no JSON array: \(notJSON(Int32(-count)))")
        }
        return (0..<count).map { index in
            guard index < columns.count else { return .success(.null) }
            let column = InputColumn(
                name: columns[index].name, type: columns[index].type, path: [columns[index].name])
            let cell = JSONCells(
                column: column, cells: UnsafeBufferPointer(rebasing: cells[..<min(count, columns.count)]))
            if let value = cell.value(at: index) { return .success(value) }
            // As Maser prints an infinity.
            if column.type == .double, case .string(let text)? = cell.text(at: index),
                text == "Infinity" || text == "-Infinity"
            {
                return .success(.double(text == "Infinity" ? .infinity : -.infinity))
            }
            return .failure(RecordsError(.malformed, "key \(cell.reason(cells[index]))"))
        }
    }

    private static func delimited(
        _ text: [UInt8], _ columns: [(name: String, type: ValueType)]
    ) throws(RecordsError) -> [Parsed] {
        if text.isEmpty { return [.success(.null)] }
        var parser = DelimitedParser(delimiter: Delimiter.comma)
        var records = DelimitedRecords()
        return try text.withUnsafeBytes { bytes -> Result<[Parsed], RecordsError> in
            do throws(RecordsError) {
                _ = try parser.parse(bytes, isFinal: true, maximumRecords: 2, into: &records)
            } catch {
                return .failure(
                    RecordsError(.malformed, "the key \(excerpt(text)) is no CSV record: \(error.description)"))
            }
            guard records.count == 1 else {
                return .failure(RecordsError(.malformed, "the key \(excerpt(text)) is not one line"))
            }
            var scratch: [UInt8] = []
            let values = records.fields.enumerated().map { index, field in
                guard index < columns.count else { return Parsed.success(.null) }
                let parser = ValueParser(type: columns[index].type)
                var parsed = Parsed.success(.null)
                records.bytes(of: field, in: bytes, scratch: &scratch) { text in
                    if parser.isNull(text, isQuoted: field.isQuoted) { return }
                    if let value = parser.value(of: text) {
                        parsed = .success(value)
                    } else {
                        parsed = .failure(
                            RecordsError(
                                .malformed,
                                "key column \(columns[index].name): expected \(parser.expectation), "
                                    + "found \(Records.excerpt(text))"))
                    }
                }
                return parsed
            }
            return .success(values)
        }.get()
    }

    private static func excerpt(_ text: [UInt8]) -> String {
        text.withUnsafeBytes { Records.excerpt($0) }
    }
}
