import Bytes
import Records
import Testing

@Suite struct JSONRecordTests {
    static let schema = [
        InputColumn(name: "carrier", type: .string, path: ["carrier"]),
        InputColumn(name: "flights", type: .int64, path: ["flights"]),
        InputColumn(name: "delay", type: .double, path: ["delay"]),
        InputColumn(name: "late", type: .bool, path: ["late"]),
        InputColumn(name: "photo", type: .bytes, path: ["photo"]),
        InputColumn(name: "scheduled", type: .timestamp, path: ["scheduled"]),
        InputColumn(name: "city", type: .string, path: ["destination", "city"]),
        InputColumn(name: "sent", type: .timestamp, path: ["sent"], unit: .milliseconds),
    ]

    func decode(_ texts: [String], needed: [Int]? = nil) -> DecodedRecords {
        var values = ByteStrings()
        for text in texts { values.append(text.utf8) }
        return RecordDecoder(
            format: .json, schema: Self.schema, needed: needed ?? Array(Self.schema.indices)
        ).decode(values)
    }

    /// The values of the one record, or why it has none.
    func values(_ text: String, needed: [Int]? = nil) -> [Value]? {
        let decoded = decode([text], needed: needed)
        return decoded.records.isEmpty ? nil : decoded.batch.columns.map { $0.value(at: 0) }
    }

    @Test func aRecordHasEveryTypeInAnyOrder() {
        let text = """
            {"sent": 1357035300250, "destination": {"x": [1, {"city": "no"}], "city": "Zürich"}, "scheduled":
             "2013-01-01T05:15:00-05:00", "ignored": {"carrier": "XX"}, "photo": "AP8=", "late": true, "delay": -3,
             "flights": 7, "carrier": "U\\u0041\\n"}
            """
        #expect(
            values(text) == [
                .string("UA\n"), .int64(7), .double(-3), .bool(true), .bytes([0, 255]),
                .timestamp(1_357_035_300_000_000), .string("Zürich"), .timestamp(1_357_035_300_250_000),
            ])
    }

    @Test func missingAndNullAreNULL() {
        let nulls = [Value](repeating: .null, count: 8)
        #expect(values("{}") == nulls)
        #expect(values(#"{"carrier":null,"flights":null,"destination":null,"late":null,"sent":null}"#) == nulls)
        #expect(values(#"{"destination":{}}"#) == nulls)
        #expect(values(#"{"Carrier":"UA","destination.city":"x"}"#) == nulls)
    }

    @Test(
        arguments: [
            ("flights", "1.0", .int64(1)), ("flights", "1e3", .int64(1000)), ("flights", "-0.0", .int64(0)),
            ("flights", "9223372036854775807", .int64(.max)), ("flights", "-9223372036854775808", .int64(.min)),
            ("delay", "1", .double(1)), ("delay", "18446744073709551615", .double(0x1p64)),
            ("delay", "123456789012345678901234567890", .double(1.2345678901234568e29)),
            ("delay", "-0.0", .double(-0.0)), ("delay", "5e-324", .double(.leastNonzeroMagnitude)),
            ("carrier", #""""#, .string("")), ("photo", #""""#, .bytes([])), ("photo", #""AP8""#, .bytes([0, 255])),
            ("scheduled", #""2013-01-01""#, .timestamp(1_356_998_400_000_000)), ("sent", "0.5", .timestamp(500)),
            ("sent", #""1970-01-01T00:00:01Z""#, .timestamp(1_000_000)),
        ] as [(String, String, Value)])
    func whatFitsATypeIsTaken(name: String, text: String, value: Value) throws {
        let column = try #require(Self.schema.firstIndex { $0.name == name })
        #expect(values(#"{"\#(name)": \#(text)}"#, needed: [column]) == [value])
    }

    @Test(
        arguments: [
            ("flights", #""7""#, #"column flights: expected INT64 (an integer), found the string "7""#),
            ("flights", "1.5", "column flights: expected INT64 (an integer), found the number 1.5"),
            (
                "flights", "9223372036854775808",
                "column flights: expected INT64 (an integer), found the number 9223372036854775808"
            ),
            (
                "flights", "9007199254740993.0",
                "column flights: expected INT64 (an integer), found the number 9007199254740992.0"
            ),
            (
                "flights", "12345678901234567890123",
                "column flights: expected INT64 (an integer), found the number 1.2345678901234568e+22"
            ),
            ("flights", "true", "column flights: expected INT64 (an integer), found true"),
            ("delay", #""NaN""#, #"column delay: expected DOUBLE (a number), found the string "NaN""#),
            ("delay", "[1]", "column delay: expected DOUBLE (a number), found an array"),
            ("late", "1", "column late: expected BOOL (true or false), found the number 1"),
            ("late", #""true""#, #"column late: expected BOOL (true or false), found the string "true""#),
            ("carrier", "1", "column carrier: expected STRING, found the number 1"),
            ("carrier", "{}", "column carrier: expected STRING, found an object"),
            ("photo", #""A""#, #"column photo: expected BYTES (base64), found the string "A""#),
            ("photo", #""AP9=""#, #"column photo: expected BYTES (base64), found the string "AP9=""#),
            (
                "scheduled", "1357035300",
                "column scheduled: expected TIMESTAMP (RFC 3339: a date, or a time with its offset or Z), found the number 1357035300"
            ),
            (
                "sent", "1e300",
                "column sent: expected TIMESTAMP (RFC 3339, or milliseconds since 1970), found the number 1e+300"
            ),
        ] as [(String, String, String)])
    func whatDoesNotIsRefusedByColumn(name: String, text: String, reason: String) throws {
        let decoded = decode([#"{"\#(name)": \#(text)}"#])
        #expect(decoded.batch.count == 0)
        #expect(decoded.failures == [RecordFailure(record: 0, reason: reason)])
    }

    @Test func whatIsNoObjectOnAPathIsRefused() {
        #expect(
            decode([#"{"destination": "Zürich"}"#]).failures.map(\.reason) == [
                "column city: expected STRING, found no object on the way to destination.city"
            ])
    }

    @Test(arguments: [
        "", " ", "x", "{", #"{"carrier":"UA""#, #"{"carrier":"UA"}}"#, #"{"carrier":"UA"} {"carrier":"UA"}"#,
        #"{"carrier":"UA"}x"#, #"{"carrier":"UA",}"#, #"{"carrier" "UA"}"#, #"{"carrier":"UA","x":tru}"#,
        #"{"carrier":"UA","x":[1 2]}"#, #"{"carrier":"UA","x":01}"#, #"{"carrier":"UA","x":1.}"#,
        #"{"carrier":"UA","x":"\q"}"#, #"{"carrier":"UA","x":"}"#, #"{"carrier":"UA","x":[}"#, #"{carrier:"UA"}"#,
        #"{"carrier":"UA","x":1e999}"#, #"{"carrier":"UA","x":123456789012345678901234567890x}"#,
    ])
    func whatIsNotJSONAsAWholeIsRefusedThoughTheColumnCameFirst(text: String) {
        let decoded = decode([#"{"carrier":"AA"}"#, text, #"{"carrier":"BB"}"#], needed: [0])
        #expect(decoded.records == [0, 2])
        #expect(decoded.failures.map(\.record) == [1])
        #expect(decoded.failures.allSatisfy { $0.reason.hasPrefix("not JSON: ") })
    }

    @Test(arguments: ["null", "1", #""x""#, #"[{"carrier":"UA"}]"#])
    func aRecordIsAnObject(text: String) {
        #expect(decode([text]).failures.map(\.reason) == ["the JSON is of the wrong kind: it is not an object"])
    }

    @Test func brokenUTF8AndControlCharactersAreNotJSON() {
        var values = ByteStrings()
        values.append(Array(#"{"x":""#.utf8) + [0xff] + Array(#""}"#.utf8))
        values.append(Array(#"{"x":""#.utf8) + [0x01] + Array(#""}"#.utf8))
        let decoded = RecordDecoder(format: .json, schema: Self.schema, needed: [0]).decode(values)
        #expect(decoded.failures.map(\.record) == [0, 1])
    }

    @Test func theLastOfSeveralFieldsOfOneNameCounts() {
        #expect(values(#"{"carrier":"AA","carrier":"UA"}"#, needed: [0]) == [.string("UA")])
        #expect(values(#"{"destination":{"city":"x"},"destination":{}}"#, needed: [6]) == [.null])
        #expect(values(#"{"destination":1,"destination":{"city":"x"}}"#, needed: [6]) == [.string("x")])
    }

    @Test func anIntegerBeyond64BitsElsewhereDoesNoHarm() {
        let text =
            #"{"wei": 115792089237316195423570985008687907853, "note": "say \"99999999999999999999\"", "delay": 1}"#
        #expect(values(text, needed: [2]) == [.double(1)])
    }

    @Test func manyRecordsKeepTheirOrderAndTheirSourceAndLongOnesAreRead() {
        var texts: [String] = []
        for index in 0..<1000 {
            texts.append(
                index % 7 == 0
                    ? "broken"
                    : #"{"flights":\#(index),"x":"\#(String(repeating: "y", count: index))","carrier":"c\#(index)"}"#)
        }
        texts.append(#"{"flights":1000,"x":"\#(String(repeating: "z", count: 2 << 20))","carrier":"c1000"}"#)
        let decoded = decode(texts, needed: [1, 0])
        #expect(decoded.records == (0...1000).filter { $0 % 7 != 0 || $0 == 1000 })
        #expect(decoded.failures.map(\.record) == (0..<1000).filter { $0 % 7 == 0 })
        for (row, record) in decoded.records.enumerated() {
            #expect(decoded.batch.columns[0].value(at: row) == .int64(Int64(record)))
            #expect(decoded.batch.columns[1].value(at: row) == .string("c\(record)"))
        }
    }

    @Test func oneValueMayFillSeveralColumns() {
        let schema = [
            InputColumn(name: "a", type: .string, path: ["x"]), InputColumn(name: "b", type: .timestamp, path: ["x"]),
        ]
        var values = ByteStrings()
        values.append(#"{"x":"2013-01-01"}"#.utf8)
        let decoded = RecordDecoder(format: .json, schema: schema, needed: [1, 0]).decode(values)
        #expect(
            decoded.batch.columns.map { $0.value(at: 0) } == [
                .timestamp(1_356_998_400_000_000), .string("2013-01-01"),
            ])
    }

    @Test func everyPrefixOfARecordAndRandomMutationsAreReadOrRefused() {
        let text = Array(
            #"{"carrier":"U\u0041","flights":12,"destination":{"city":"Zürich"},"delay":1.5e3,"x":[1,{}]}"#.utf8)
        var values = ByteStrings()
        for count in 0..<text.count { values.append(text.prefix(count)) }
        for _ in 0..<5000 {
            var mutated = text
            for _ in 0..<Int.random(in: 1...4) { mutated[Int.random(in: 0..<text.count)] = UInt8.random(in: 0...255) }
            values.append(mutated)
        }
        let decoded = RecordDecoder(format: .json, schema: Self.schema, needed: Array(Self.schema.indices)).decode(
            values)
        #expect(decoded.failures.count + decoded.batch.count == values.count)
        #expect(decoded.failures.prefix(text.count).map(\.record) == Array(0..<text.count))
    }

    @Test func noRecordsAreAnEmptyBatch() {
        #expect(decode([]).batch.count == 0)
        #expect(decode(["{}"], needed: []).batch.count == 1)
    }
}
