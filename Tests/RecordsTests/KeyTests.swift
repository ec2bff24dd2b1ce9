import Bytes
import Records
import Testing

@Suite struct KeyTests {
    static let columns: [(name: String, type: ValueType)] = [
        ("origin", .string), ("flight", .int64), ("window_start", .timestamp),
    ]

    @Test(
        arguments: [
            (#"EWR,7,2013-01-01"#, [.string("EWR"), .int64(7), .timestamp(1_356_998_400_000_000)]),
            (#"["EWR",7,"2013-01-01T00:00:00Z"]"#, [.string("EWR"), .int64(7), .timestamp(1_356_998_400_000_000)]),
            (#""",,2013-01-01T00:00:00+01:00"#, [.string(""), .null, .timestamp(1_356_994_800_000_000)]),
            (#""a,""b""",-1,"#, [.string("a,\"b\""), .int64(-1), .null]),
            (#"[null, null, null]"#, [.null, .null, .null]), (",,", [.null, .null, .null]),
            (#"["[", 1, null]"#, [.string("["), .int64(1), .null]),
        ] as [(String, [Value])])
    func aKeyIsAJSONArrayOrACSVRecord(text: String, values: [Value]) throws {
        let parsed = try KeyText.parse(text, columns: Self.columns)
        #expect(parsed == values)
    }

    @Test(arguments: [
        ("EWR", #"the key "EWR" has 1 value, wanted are 3: origin, flight, window_start"#),
        ("a,1,2013-01-01,x", #"the key "a,1,2013-01-01,x" has 4 values, wanted are 3: origin, flight, window_start"#),
        ("a,x,2013-01-01", #"key column flight: expected INT64 (an integer), found "x""#),
        (#"["a","1",null]"#, #"key column flight: expected INT64 (an integer), found the string "1""#),
        (#"["a",1"#, #"the key "["a",1" is no JSON array: "#), ("a\nb", #"the key "a b" is not one line"#),
        (#""a"#, #"the key ""a" is no CSV record: line 1, column 1: this quote is never closed"#),
        (
            "a,1,yesterday",
            #"key column window_start: expected TIMESTAMP (RFC 3339: a date, or a time with its offset or Z), found "yesterday""#
        ),
    ])
    func aKeyThatDoesNotFitIsExplained(text: String, message: String) {
        #expect {
            try KeyText.parse(text, columns: Self.columns)
        } throws: { error in
            guard let error = error as? RecordsError else { return false }
            #expect(error.message.hasPrefix(message))
            return error.code == .malformed
        }
    }

    @Test func aPrefixIsAllowedWhenAsked() throws {
        let one = try KeyText.parse("EWR", columns: Self.columns, allowsPrefix: true)
        #expect(one == [.string("EWR")])
        let two = try KeyText.parse(#"["EWR", 1]"#, columns: Self.columns, allowsPrefix: true)
        #expect(two == [.string("EWR"), .int64(1)])
        let none = try KeyText.parse("[]", columns: Self.columns, allowsPrefix: true)
        #expect(none.isEmpty)
        #expect(throws: RecordsError.self) {
            try KeyText.parse("a,1,,", columns: Self.columns, allowsPrefix: true)
        }
        let infinity = try KeyText.parse(#"["-Infinity"]"#, columns: [("x", .double)])
        #expect(infinity == [.double(-.infinity)])
    }

    @Test func aKeyReadsBackByItsTypes() throws {
        let values: [Value] = [.string("EWR"), .null, .timestamp(-5)]
        var writer = ByteWriter()
        try encodeKey(values, into: &writer)
        try writer.bytes.withUnsafeBytes { raw in
            let decoded = try decodeKey(raw, types: [.string, .double, .timestamp])
            #expect(decoded == values)
            #expect(throws: RecordsError.self) { try decodeKey(raw, types: [.string, .double, .bool]) }
            #expect(throws: RecordsError.self) { try decodeKey(raw, types: [.string, .double]) }
            #expect(throws: RecordsError.self) { try decodeKey(raw, types: [.string, .double, .timestamp, .bool]) }
            let prefix = try decodeKey(raw, types: [.string, .double, .timestamp, .bool], allowsPrefix: true)
            #expect(prefix == values)
        }
        #expect(throws: RecordsError.self) { try encodeKey([.double(.nan)], into: &writer) }
    }

    @Test func theKeysOfABatchAreThoseOfItsRowsAndANaNIsRefused() throws {
        let rows: [[Value]] = [
            [.string("EWR"), .int64(1), .double(1.5), .bool(true), .bytes([0, 1])],
            [.null, .null, .null, .null, .null],
            [.string("a\0b"), .int64(-300), .double(.nan), .bool(false), .bytes([])],
            [.string(""), .int64(.min), .double(-0.0), .bool(true), .bytes([255])],
        ]
        let types: [ValueType] = [.string, .int64, .double, .bool, .bytes]
        let columns = types.enumerated().map { index, type in Column(type: type, values: rows.map { $0[index] }) }
        let encoded = encodeKeys(columns, count: rows.count, leading: 2, reserved: 2)
        #expect(encoded.refused == [2])
        for index in [0, 1, 3] {
            var writer = ByteWriter()
            writer.append(contentsOf: [0, 0])
            try encodeKey(Array(rows[index].prefix(2)), into: &writer)
            #expect(encoded.leadingEnds[index] - encoded.keys.range(at: index).lowerBound == writer.count)
            try encodeKey(Array(rows[index].dropFirst(2)), into: &writer)
            #expect([UInt8](encoded.keys[index]) == writer.bytes)
        }
    }
}
