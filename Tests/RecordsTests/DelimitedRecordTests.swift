import Bytes
import Records
import Testing

@Suite struct DelimitedRecordTests {
    static let schema = [
        InputColumn(name: "tailnum", type: .string, path: ["tailnum"]),
        InputColumn(name: "year", type: .int64, path: ["year"]),
        InputColumn(name: "speed", type: .double, path: ["speed"]),
    ]

    func decode(_ texts: [String], format: RecordFormat = .csv, needed: [Int] = [0, 1, 2]) -> DecodedRecords {
        var values = ByteStrings()
        for text in texts { values.append(text.utf8) }
        return RecordDecoder(format: format, schema: Self.schema, needed: needed).decode(values)
    }

    @Test func aLineIsARecordAndItsPlaceDecidesTheColumn() {
        let decoded = decode(["N1,2004,1.5", #""N,""2""",,"# + "\r\n", "\"\",\"7\",-2e3\n"])
        #expect(decoded.failures.isEmpty)
        #expect(
            (0..<3).map { row in decoded.batch.columns.map { $0.value(at: row) } } == [
                [.string("N1"), .int64(2004), .double(1.5)], [.string(#"N,"2""#), .null, .null],
                [.string(""), .int64(7), .double(-2000)],
            ])
        #expect(decode(["a\tb\tc"], format: .tsv, needed: [2]).failures.count == 1)
        #expect(decode(["a\t1\t2"], format: .tsv, needed: [1, 0]).batch.columns[1].value(at: 0) == .string("a"))
    }

    @Test func malformedRecordsAreNamedAndTheOthersKept() {
        let decoded = decode([
            "N1,x,1", "N2,1,1", "N3,1", #""N4,1,1"#, "N5,1,1\nN6,1,1", "", #""N"7,1,1"#, "N8,2004.0,inf", "N9,1,1,1",
        ])
        #expect(decoded.records == [1, 7])
        #expect(
            decoded.failures == [
                RecordFailure(record: 0, reason: #"column year: expected INT64 (an integer), found "x""#),
                RecordFailure(record: 2, reason: "the record has 2 fields instead of 3"),
                RecordFailure(record: 3, reason: "line 1, column 1: this quote is never closed"),
                RecordFailure(record: 4, reason: "the record has more than one line"),
                RecordFailure(record: 5, reason: "the record is empty"),
                RecordFailure(
                    record: 6,
                    reason: "line 1, column 4: after a closing quote comes a comma or the line's end; "
                        + "a quote inside quotes is written twice"),
                RecordFailure(record: 8, reason: "the record has 4 fields instead of 3"),
            ])
    }

    @Test func brokenUTF8IsNoString() {
        var values = ByteStrings()
        values.append([0xff] + Array(",1,1".utf8))
        values.append(Array("Zürich,1,1".utf8))
        let decoded = RecordDecoder(format: .csv, schema: Self.schema, needed: [0]).decode(values)
        #expect(decoded.records == [1])
    }
}

@Suite struct DelimitedParserTests {
    /// Parses `text` in chunks of `size` bytes, carrying over what a chunk does not end.
    func parse(_ text: String, chunk size: Int) throws -> (rows: [[String]], lines: [Int]) {
        let bytes = Array(text.utf8)
        var parser = DelimitedParser(delimiter: Delimiter.comma)
        var rows: [[String]] = []
        var lines: [Int] = []
        var pending: [UInt8] = []
        var position = 0
        while true {
            let end = min(position + size, bytes.count)
            pending += bytes[position..<end]
            position = end
            var records = DelimitedRecords()
            let taken = try pending.withUnsafeBytes { buffer in
                let taken = try parser.parse(buffer, isFinal: position == bytes.count, into: &records)
                for record in 0..<records.count {
                    rows.append(records.texts(of: record, in: buffer))
                    lines.append(records.lines[record])
                }
                return taken
            }
            pending.removeFirst(taken)
            if position == bytes.count {
                #expect(pending.isEmpty)
                return (rows, lines)
            }
        }
    }

    @Test func anyChunksGiveTheSameRecords() throws {
        let text =
            "a,b,c\r\n1,\"x\r\ny,\"\"z\"\"\",\r\n\r\n\n,,\"\"\r\n\"q\",he said \"no\",Zürich\n\"a\"\"\",\"\"\"\",\"\"\"\"\"\"\nlast,,"
        let rows = [
            ["a", "b", "c"], ["1", "x\r\ny,\"z\"", ""], ["", "", ""], ["q", "he said \"no\"", "Zürich"],
            ["a\"", "\"", "\"\""], ["last", "", ""],
        ]
        for size in 1...text.utf8.count {
            let parsed = try parse(text, chunk: size)
            #expect(parsed.rows == rows)
            #expect(parsed.lines == [1, 2, 6, 7, 8, 9])
        }
        for ending in ["\n", "\r\n", "\r\n\r\n", "\n\n\n"] {
            let parsed = try parse(text + ending, chunk: 7)
            #expect(parsed.rows == rows)
        }
        let none = try parse("", chunk: 1)
        #expect(none.rows.isEmpty)
    }

    @Test func errorsSayWhereTheyAre() {
        let cases = [
            ("a,b\n1,\"x\ny\n", 2, 3, "this quote is never closed"),
            ("a,b\n\"ü\"x,1\n", 2, 4, "after a closing quote comes a comma"),
            ("a,b\n\"x\ny\"z,1\n", 3, 3, "after a closing quote comes a comma"),
        ]
        for (text, line, column, message) in cases {
            for size in [1, 3, 100] {
                #expect {
                    _ = try parse(text, chunk: size)
                } throws: { error in
                    guard let error = error as? RecordsError else { return false }
                    return error.position == TextPosition(line: line, column: column)
                        && error.message.hasPrefix(message)
                }
            }
        }
    }

    @Test func randomTextInAnyChunksIsTheSameOrRefused() throws {
        let alphabet: [Character] = ["a", ",", "\"", "\n", "\r", "ü"]
        for _ in 0..<2000 {
            let text = String((0..<Int.random(in: 0...20)).map { _ in alphabet[Int.random(in: 0..<alphabet.count)] })
            let whole = try? parse(text, chunk: 1000)
            let chunked = try? parse(text, chunk: 2)
            #expect(whole?.rows == chunked?.rows)
        }
    }
}
