internal import Bytes
internal import Records

/// A batch of a source file's rows.
struct SourceBatch {
    /// Key columns, then the others, in the shape's order.
    var columns: [Column]
    var count: Int
    /// The line, from 1, on which each row begins.
    var lines: [Int]
    /// Of the file, up to here.
    var bytesRead: Int64
}

/// Reads one source file as typed columns, batch by batch. The first row that does not fit ends it with an error that
/// says where it is and what was expected.
struct SourceReader {
    let path: String
    let columns: [InputColumn]
    let nullText: String?

    /// Returns the file's size and checksum, as it was while it was read.
    func read(
        _ body: (SourceBatch) throws(BulkLoadError) -> Void
    ) throws(BulkLoadError) -> (bytes: Int64, xxh3: Checksum) {
        let file = try ChunkedFile(path: path)
        try file.fill()
        if file.bytes.starts(with: [0xef, 0xbb, 0xbf]) { file.consume(3) }
        switch SourceFormat(path: path) {
        case .csv: try readDelimited(file, Delimiter.comma, body)
        case .tsv: try readDelimited(file, Delimiter.tab, body)
        case .jsonLines: try readJSONLines(file, body)
        case nil: throw BulkLoadError(.unreadableSource, "\(path) is of no known format")
        }
        return (file.bytesRead, file.checksum)
    }

    func malformed(_ reason: String, line: Int, column: Int? = nil) -> BulkLoadError {
        BulkLoadError(.malformedSource, reason, place: SourcePlace(file: path, line: line, column: column))
    }

    // MARK: CSV and TSV

    private func readDelimited(
        _ file: ChunkedFile, _ delimiter: UInt8, _ body: (SourceBatch) throws(BulkLoadError) -> Void
    ) throws(BulkLoadError) {
        var parser = DelimitedParser(delimiter: delimiter)
        var decoder: DelimitedDecoder?
        var records = DelimitedRecords()
        while true {
            records.removeAll()
            let isLast = file.isAtEnd
            var syntaxError: RecordsError?
            var taken = 0
            do throws(RecordsError) {
                taken = try parser.parse(
                    file.bytes, isFinal: isLast, maximumRecords: decoder == nil ? 1 : .max, into: &records)
            } catch {
                // Rows before it may be wrong as well, and come first.
                syntaxError = error
            }
            if let decoder {
                try pass(records, in: file, decoder, body)
            } else if records.count > 0 {
                decoder = try headerDecoder(records, file.bytes)
                file.consume(taken)
                continue
            }
            if let error = syntaxError {
                throw malformed(error.message, line: error.position?.line ?? 1, column: error.position?.column)
            }
            file.consume(taken)
            if isLast { break }
            try file.fill()
        }
        if decoder == nil {
            throw malformed("the file is empty; its first line has to name the columns", line: 1)
        }
    }

    private func pass(
        _ records: DelimitedRecords, in file: ChunkedFile, _ decoder: DelimitedDecoder,
        _ body: (SourceBatch) throws(BulkLoadError) -> Void
    ) throws(BulkLoadError) {
        if records.count == 0 { return }
        let decoded = decoder.decode(records, in: file.bytes)
        if let failure = decoded.failures.first {
            throw malformed(failure.reason, line: records.lines[failure.record])
        }
        try body(
            SourceBatch(
                columns: decoded.batch.columns, count: records.count, lines: records.lines, bytesRead: file.bytesRead))
    }

    /// The header says where each of the table's columns stands; further ones are passed over.
    private func headerDecoder(
        _ records: DelimitedRecords, _ bytes: UnsafeRawBufferPointer
    ) throws(BulkLoadError) -> DelimitedDecoder {
        let header = records.texts(of: 0, in: bytes)
        var fields: [Int] = []
        for column in columns {
            let exact = header.indices.filter { header[$0] == column.name }
            let matching =
                exact.isEmpty ? header.indices.filter { header[$0].lowercased() == column.name.lowercased() } : exact
            guard matching.count <= 1 else {
                throw malformed(
                    "the header names column \(column.name) \(matching.count) times", line: records.lines[0])
            }
            guard let field = matching.first else {
                throw malformed(
                    "the header names no column \(column.name); it has \(header.joined(separator: ", "))",
                    line: records.lines[0])
            }
            fields.append(field)
        }
        return DelimitedDecoder(columns: columns, fields: fields, fieldCount: header.count, nullText: nullText)
    }

    // MARK: JSON lines

    private func readJSONLines(
        _ file: ChunkedFile, _ body: (SourceBatch) throws(BulkLoadError) -> Void
    ) throws(BulkLoadError) {
        let decoder = RecordDecoder(format: .json, schema: columns, needed: Array(columns.indices))
        var line = 1
        while true {
            let isLast = file.isAtEnd
            let split = LineChunk(file.bytes, isFinal: isLast, firstLine: line, skipsBlank: true)
            if line == 1, let first = split.values.arena.first, first == UInt8(ascii: "[") {
                throw malformed("the file is a JSON array; wanted is one object a line", line: 1)
            }
            if split.values.count > 0 {
                let decoded = decoder.decode(split.values)
                if let failure = decoded.failures.first {
                    throw malformed(failure.reason, line: split.lines[failure.record])
                }
                try body(
                    SourceBatch(
                        columns: decoded.batch.columns, count: decoded.batch.count, lines: split.lines,
                        bytesRead: file.bytesRead))
            }
            line = split.nextLine
            file.consume(split.taken)
            if isLast { return }
            try file.fill()
        }
    }
}
