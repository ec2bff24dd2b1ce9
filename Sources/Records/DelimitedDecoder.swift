/// Turns the fields of delimited records into typed columns.
package struct DelimitedDecoder: Sendable {
    private struct Source: Sendable {
        var name: String
        var parser: ValueParser
        var field: Int
    }

    private let sources: [Source]
    private let fieldCount: Int

    /// `fields[i]` is the position in a record of `columns[i]`, of `fieldCount` that a record has.
    package init(columns: [InputColumn], fields: [Int], fieldCount: Int, nullText: String? = nil) {
        precondition(columns.count == fields.count && fields.allSatisfy { $0 < fieldCount })
        sources = zip(columns, fields).map { column, field in
            Source(
                name: column.name, parser: ValueParser(type: column.type, unit: column.unit, nullText: nullText),
                field: field)
        }
        self.fieldCount = fieldCount
    }

    /// The columns of `records`, which were parsed from `buffer`. Records are numbered as they stand there.
    package func decode(_ records: DelimitedRecords, in buffer: UnsafeRawBufferPointer) -> DecodedRecords {
        var failures = Failures()
        for record in 0..<records.count where records.fields(of: record).count != fieldCount {
            let found = records.fields(of: record).count
            failures.add(record, "the record has \(found) \(found == 1 ? "field" : "fields") instead of \(fieldCount)")
        }
        let columns = sources.map { decode($0, records, buffer, &failures) }
        return failures.leaveOut(of: columns, count: records.count)
    }

    private func decode(
        _ source: Source, _ records: DelimitedRecords, _ buffer: UnsafeRawBufferPointer, _ failures: inout Failures
    ) -> Column {
        var builder = ColumnBuilder(type: source.parser.type, capacity: records.count)
        var scratch: [UInt8] = []
        var start = 0
        for record in 0..<records.count {
            let end = records.ends[record]
            defer { start = end }
            guard end - start == fieldCount else {
                builder.appendNull()
                continue
            }
            let field = records.fields[start + source.field]
            records.bytes(of: field, in: buffer, scratch: &scratch) { text in
                if source.parser.isNull(text, isQuoted: field.isQuoted) {
                    builder.appendNull()
                } else if !source.parser.append(text, to: &builder) {
                    failures.add(
                        record, "column \(source.name): expected \(source.parser.expectation), found \(excerpt(text))")
                }
            }
        }
        return builder.finish()
    }
}

extension RecordDecoder {
    /// One record a value; the schema says which field is which column.
    func decodeDelimited(_ values: ByteStrings, delimiter: UInt8) -> DecodedRecords {
        let decoder = DelimitedDecoder(
            columns: needed.map { schema[$0] }, fields: needed, fieldCount: schema.count)
        return values.arena.withUnsafeBytes { arena in
            var records = DelimitedRecords()
            var sources: [Int] = []
            var failures: [RecordFailure] = []
            sources.reserveCapacity(values.count)
            for index in 0..<values.count {
                let range = values.range(at: index)
                let before = records.count
                var parser = DelimitedParser(delimiter: delimiter)
                do throws(RecordsError) {
                    // A second record is looked for, to be refused.
                    _ = try parser.parse(arena, range: range, isFinal: true, maximumRecords: 2, into: &records)
                } catch {
                    records.removeRecords(from: before)
                    failures.append(RecordFailure(record: index, reason: error.description))
                    continue
                }
                if records.count == before + 1 {
                    sources.append(index)
                    continue
                }
                let reason = records.count == before ? "the record is empty" : "the record has more than one line"
                records.removeRecords(from: before)
                failures.append(RecordFailure(record: index, reason: reason))
            }
            var decoded = decoder.decode(records, in: arena)
            for index in decoded.records.indices { decoded.records[index] = sources[decoded.records[index]] }
            for index in decoded.failures.indices {
                decoded.failures[index].record = sources[decoded.failures[index].record]
            }
            if !failures.isEmpty {
                decoded.failures += failures
                decoded.failures.sort { $0.record < $1.record }
            }
            return decoded
        }
    }
}
