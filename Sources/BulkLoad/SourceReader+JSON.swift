internal import Records

// JSON lines: an object a line. A field that is missing is NULL, or what a folder around the file says.

extension SourceReader {
    func readJSONLines(
        _ file: ChunkedFile, _ body: (SourceBatch) throws(BulkLoadError) -> Void
    ) throws(BulkLoadError) {
        let schema = columns.map { column in
            var column = column
            // A path that is more than the column's own name was written down where the column was.
            if column.path == [column.name] { column.path = [options.name(of: column.name)] }
            return column
        }
        let decoder = RecordDecoder(format: .json, schema: schema, needed: Array(schema.indices))
        var folderValues: [Int: Value] = [:]
        for (index, column) in columns.enumerated() {
            guard let value = FolderValue.value(of: options.name(of: column.name), in: source.folderValues) else {
                continue
            }
            folderValues[index] = try value.value(for: column, in: path)
        }
        var line = 1
        var rows = 0
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
                var read = decoded.batch.columns
                for (index, value) in folderValues { read[index] = read[index].replacingNulls(with: value) }
                try body(
                    SourceBatch(
                        columns: read, count: decoded.batch.count, firstRow: rows, lines: split.lines,
                        bytesRead: file.bytesRead))
                rows += decoded.batch.count
            }
            line = split.nextLine
            file.consume(split.taken)
            if isLast { return }
            try file.fill()
        }
    }
}

extension Column {
    fileprivate func replacingNulls(with value: Value) -> Column {
        guard nulls != nil, value != .null else { return self }
        return Column(
            type: type, values: (0..<count).map { row in self.value(at: row) == .null ? value : self.value(at: row) })
    }
}
