// CSV as RFC 4180 has it, and the same with tabs. A field in quotes may hold delimiters, newlines and doubled quotes;
// a quote inside an unquoted field is a quote. Lines end with LF or CRLF; empty ones are passed over.

package enum Delimiter {
    package static let comma = UInt8(ascii: ",")
    package static let tab = UInt8(ascii: "\t")
}

/// Fields of delimited records, as ranges of the bytes that they were parsed from.
package struct DelimitedRecords: Sendable {
    package struct Field: Sendable {
        var start: UInt32
        var end: UInt32
        package var isQuoted: Bool
        var hasDoubledQuotes: Bool
    }

    package fileprivate(set) var fields: [Field] = []
    /// Where each record ends in `fields`; it begins where the one before it ends.
    package fileprivate(set) var ends: [Int] = []
    /// The line, counted from 1, on which each record begins.
    package fileprivate(set) var lines: [Int] = []

    package init() {}

    package var count: Int { ends.count }

    package func fields(of record: Int) -> Range<Int> {
        (record == 0 ? 0 : ends[record - 1])..<ends[record]
    }

    package mutating func removeAll() {
        fields.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        lines.removeAll(keepingCapacity: true)
    }

    mutating func removeRecords(from first: Int) {
        fields.removeLast(fields.count - (first == 0 ? 0 : ends[first - 1]))
        ends.removeLast(ends.count - first)
        lines.removeLast(lines.count - first)
    }

    /// The field's bytes without its quotes. `scratch` keeps them where they do not stand in `buffer` as they are.
    @inline(__always)
    func bytes(
        of field: Field, in buffer: UnsafeRawBufferPointer, scratch: inout [UInt8],
        _ body: (UnsafeRawBufferPointer) -> Void
    ) {
        let raw = UnsafeRawBufferPointer(rebasing: buffer[Int(field.start)..<Int(field.end)])
        guard field.hasDoubledQuotes else { return body(raw) }
        scratch.removeAll(keepingCapacity: true)
        var index = 0
        while index < raw.count {
            scratch.append(raw[index])
            index += raw[index] == UInt8(ascii: "\"") ? 2 : 1
        }
        scratch.withUnsafeBytes { body($0) }
    }

    /// A record's fields as text: a header row, or a key.
    package func texts(of record: Int, in buffer: UnsafeRawBufferPointer) -> [String] {
        var scratch: [UInt8] = []
        return fields(of: record).map { index in
            var text = ""
            bytes(of: fields[index], in: buffer, scratch: &scratch) { text = String(decoding: $0, as: UTF8.self) }
            return text
        }
    }
}

/// Splits text into records and fields, chunk by chunk: what a chunk holds of a record that it does not end is left for the next call.
package struct DelimitedParser: Sendable {
    private let delimiter: UInt8
    /// The line, counted from 1, on which the next record begins.
    package private(set) var line = 1

    package init(delimiter: UInt8) {
        self.delimiter = delimiter
    }

    /// Appends whole records, at most `maximumRecords`, and returns how many bytes they took. `isFinal` says that nothing
    /// follows, so that the last record needs no newline.
    ///
    /// After an error the parser stands where it stood, and `records` holds what was complete before.
    package mutating func parse(
        _ buffer: UnsafeRawBufferPointer, isFinal: Bool, maximumRecords: Int = .max,
        into records: inout DelimitedRecords
    ) throws(RecordsError) -> Int {
        try parse(buffer, range: 0..<buffer.count, isFinal: isFinal, maximumRecords: maximumRecords, into: &records)
    }

    mutating func parse(
        _ buffer: UnsafeRawBufferPointer, range: Range<Int>, isFinal: Bool, maximumRecords: Int,
        into records: inout DelimitedRecords
    ) throws(RecordsError) -> Int {
        precondition(buffer.count <= Int(UInt32.max))
        let limit = records.count.addingReportingOverflow(maximumRecords)
        let maximumCount = limit.overflow ? Int.max : limit.partialValue
        var position = range.lowerBound
        var recordStart = position
        while position < range.upperBound, records.count < maximumCount {
            let fieldCount = records.fields.count
            var scan = RecordScan(
                buffer: buffer, delimiter: delimiter, position: position, end: range.upperBound, line: line)
            let isComplete: Bool
            do {
                isComplete = try scan.readRecord(isFinal: isFinal, into: &records.fields)
            } catch {
                records.fields.removeLast(records.fields.count - fieldCount)
                throw error
            }
            guard isComplete else {
                records.fields.removeLast(records.fields.count - fieldCount)
                break
            }
            position = scan.position
            recordStart = position
            if records.fields.count > fieldCount {
                records.ends.append(records.fields.count)
                records.lines.append(line)
            }
            line = scan.line
        }
        return recordStart - range.lowerBound
    }
}

/// One pass over one record.
private struct RecordScan {
    let buffer: UnsafeRawBufferPointer
    let delimiter: UInt8
    var position: Int
    let end: Int
    var line: Int
    let recordStart: Int
    let firstLine: Int

    init(buffer: UnsafeRawBufferPointer, delimiter: UInt8, position: Int, end: Int, line: Int) {
        self.buffer = buffer
        self.delimiter = delimiter
        self.position = position
        self.end = end
        self.line = line
        recordStart = position
        firstLine = line
    }

    static let newline = UInt8(ascii: "\n")
    static let quote = UInt8(ascii: "\"")

    /// false where the bytes end before the record does. An empty line appends no field.
    mutating func readRecord(isFinal: Bool, into fields: inout [DelimitedRecords.Field]) throws(RecordsError) -> Bool {
        var isFirst = true
        while true {
            if position < end, buffer[position] == Self.quote {
                guard let field = try readQuoted(isFinal: isFinal) else { return false }
                fields.append(field)
            } else {
                let start = position
                while position < end, buffer[position] != delimiter, buffer[position] != Self.newline { position += 1 }
                guard position < end || isFinal else { return false }
                var fieldEnd = position
                let endsLine = position == end || buffer[position] == Self.newline
                if endsLine, fieldEnd > start, buffer[fieldEnd - 1] == UInt8(ascii: "\r") { fieldEnd -= 1 }
                if isFirst, endsLine, fieldEnd == start {
                    takeNewline()
                    return true
                }
                fields.append(
                    DelimitedRecords.Field(
                        start: UInt32(start), end: UInt32(fieldEnd), isQuoted: false, hasDoubledQuotes: false))
            }
            isFirst = false
            guard position < end, buffer[position] == delimiter else {
                takeNewline()
                return true
            }
            position += 1
        }
    }

    private mutating func takeNewline() {
        guard position < end else { return }
        position += 1
        line += 1
    }

    /// Leaves `position` at the delimiter or newline after the field, or at the end.
    private mutating func readQuoted(isFinal: Bool) throws(RecordsError) -> DelimitedRecords.Field? {
        let opening = position
        let openingLine = line
        position += 1
        var hasDoubledQuotes = false
        while position < end {
            let byte = buffer[position]
            if byte == Self.newline { line += 1 }
            guard byte == Self.quote else {
                position += 1
                continue
            }
            guard position + 1 < end || isFinal else { return nil }
            guard position + 1 < end, buffer[position + 1] == Self.quote else { break }
            hasDoubledQuotes = true
            position += 2
        }
        guard position < end else {
            if !isFinal { return nil }
            throw RecordsError(
                .malformed, "this quote is never closed", position: place(of: opening, on: openingLine))
        }
        let field = DelimitedRecords.Field(
            start: UInt32(opening + 1), end: UInt32(position), isQuoted: true, hasDoubledQuotes: hasDoubledQuotes)
        position += 1
        if position < end, buffer[position] == UInt8(ascii: "\r") {
            guard position + 1 < end || isFinal else { return nil }
            if position + 1 == end || buffer[position + 1] == Self.newline { position += 1 }
        }
        guard position == end || buffer[position] == delimiter || buffer[position] == Self.newline else {
            throw RecordsError(
                .malformed,
                "after a closing quote comes \(delimiter == Delimiter.tab ? "a tab" : "a comma") or the line's end; "
                    + "a quote inside quotes is written twice",
                position: place(of: position, on: line))
        }
        return field
    }

    private func place(of offset: Int, on line: Int) -> TextPosition {
        var start = offset
        while start > 0, buffer[start - 1] != Self.newline, start > recordStart || line > firstLine { start -= 1 }
        var column = 1
        for byte in buffer[start..<offset] where byte & 0xc0 != 0x80 { column += 1 }
        return TextPosition(line: line, column: column)
    }
}
