internal import Records

// CSV and TSV files: the first line names the columns.

extension SourceReader {
    private struct Header {
        var origins: ColumnOrigins
        var decoder: DelimitedDecoder
    }

    func readDelimited(
        _ file: ChunkedFile, _ delimiter: UInt8, _ body: (SourceBatch) throws(BulkLoadError) -> Void
    ) throws(BulkLoadError) {
        var parser = DelimitedParser(delimiter: delimiter)
        var header: Header?
        var records = DelimitedRecords()
        var rows = 0
        while true {
            records.removeAll()
            let isLast = file.isAtEnd
            var syntaxError: RecordsError?
            var taken = 0
            do throws(RecordsError) {
                taken = try parser.parse(
                    file.bytes, isFinal: isLast, maximumRecords: header == nil ? 1 : .max, into: &records)
            } catch {
                // Rows before it may be wrong as well, and come first.
                syntaxError = error
            }
            if let header {
                try pass(records, in: file, header, firstRow: rows, body)
                rows += records.count
            } else if records.count > 0 {
                header = try readHeader(records, file.bytes)
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
        if header == nil {
            throw malformed("the file is empty; its first line has to name the columns", line: 1)
        }
    }

    private func pass(
        _ records: DelimitedRecords, in file: ChunkedFile, _ header: Header, firstRow: Int,
        _ body: (SourceBatch) throws(BulkLoadError) -> Void
    ) throws(BulkLoadError) {
        if records.count == 0 { return }
        let decoded = header.decoder.decode(records, in: file.bytes)
        if let failure = decoded.failures.first {
            throw malformed(failure.reason, line: records.lines[failure.record])
        }
        try body(
            SourceBatch(
                columns: header.origins.complete(decoded.batch.columns, of: columns, count: records.count),
                count: records.count, firstRow: firstRow, lines: records.lines, bytesRead: file.bytesRead))
    }

    /// The header says where each of the table's columns stands; further ones are passed over.
    private func readHeader(
        _ records: DelimitedRecords, _ bytes: UnsafeRawBufferPointer
    ) throws(BulkLoadError) -> Header {
        let names = records.texts(of: 0, in: bytes)
        let origins = try ColumnOrigins(
            of: columns, in: names, file: source, options, source: "the header",
            place: SourcePlace(file: path, line: records.lines[0]))
        let decoder = DelimitedDecoder(
            columns: origins.fieldColumns(of: columns), fields: origins.fields, fieldCount: names.count,
            nullText: options.nullText)
        return Header(origins: origins, decoder: decoder)
    }
}
