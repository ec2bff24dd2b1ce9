import BulkLoad
import Foundation
import Records
import Testing

@Suite("Parquet and ORC files become the table's types", .arrow)
struct SourceVectorTests {
    static let early: Value = .timestamp(-750_000)
    static let late: Value = .timestamp(1_357_366_028_123_456)

    static let common: [(String, ValueType, [Value])] = [
        ("i8", .int64, [.int64(-128), .int64(127), .null]),
        ("i16", .int64, [.int64(-32768), .int64(32767), .null]),
        ("i32", .int64, [.int64(-0x8000_0000), .int64(0x7fff_ffff), .null]),
        ("i64", .int64, [.int64(.min), .int64(.max), .null]),
        ("i64", .double, [.double(-0x1p63), .double(0x1p63), .null]),
        ("f32", .double, [.double(-1.5), .double(Double(Float(0.1))), .null]),
        ("f64", .double, [.double(-0.1), .double(1e300), .null]),
        ("money", .double, [.double(-12345678901.23), .double(0.1), .null]),
        ("whole", .int64, [.int64(.min), .int64(7), .null]),
        ("whole", .double, [.double(-0x1p63), .double(7), .null]),
        ("text", .string, [.string(""), .string("naïve"), .null]),
        ("text", .bytes, [.bytes([]), .bytes(Array("naïve".utf8)), .null]),
        ("bin", .bytes, [.bytes([0, 0xff]), .bytes(Array("abc".utf8)), .null]),
        ("flag", .bool, [.bool(true), .bool(false), .null]),
        ("day", .timestamp, [.timestamp(-86_400_000_000), .timestamp(1_357_344_000_000_000), .null]),
        ("ts_ns", .timestamp, [early, late, .null]),
    ]

    static let parquetOnly: [(String, ValueType, [Value])] = [
        ("u8", .int64, [.int64(0), .int64(255), .null]),
        ("u16", .int64, [.int64(0), .int64(65535), .null]),
        ("u32", .int64, [.int64(0), .int64(0xffff_ffff), .null]),
        ("u64", .int64, [.int64(0), .int64(.max), .null]),
        ("u64_beyond", .double, [.double(0), .double(0x1p64), .null]),
        ("f16", .double, [.double(-0.5), .double(65504), .null]),
        ("wide", .double, [.double(-1e40), .double(0.001), .null]),
        ("large_text", .string, [.string(""), .string("naïve"), .null]),
        ("view", .string, [.string("short"), .string("a text that is longer than twelve bytes"), .null]),
        ("large_bin", .bytes, [.bytes([0, 0xff]), .bytes(Array("abc".utf8)), .null]),
        ("fixed", .bytes, [.bytes([0, 1, 2]), .bytes(Array("abc".utf8)), .null]),
        ("word", .string, [.string("one"), .string("two"), .null]),
        ("code", .bytes, [.bytes([0xff]), .bytes([]), .null]),
        ("day_ms", .timestamp, [.timestamp(-86_400_000_000), .timestamp(1_357_344_000_000_000), .null]),
        ("ts_s", .timestamp, [.timestamp(-1_000_000), .timestamp(1_357_366_028_000_000), .null]),
        ("ts_ms", .timestamp, [early, .timestamp(1_357_366_028_123_000), .null]),
        ("ts_us", .timestamp, [early, late, .null]),
        ("ts_zone", .timestamp, [early, late, .null]),
        ("nothing", .string, [.null, .null, .null]),
        ("nothing", .int64, [.null, .null, .null]),
    ]

    @Test(
        "every type that fits is read to the bit, and NULLs stay NULL",
        arguments: [("types.parquet", common + parquetOnly), ("types.orc", common)])
    func types(file: String, expected: [(String, ValueType, [Value])]) throws {
        for (name, type, values) in expected {
            let rows = try SourceRows(vector(file), [(name, type)])
            #expect(rows.columns == [values], "\(name) as \(type)")
        }
        // And all at once, in another order than the file's.
        let reversed = Array(expected.reversed())
        let rows = try SourceRows(vector(file), reversed.map { ($0.0, $0.1) })
        #expect(rows.columns == reversed.map(\.2))
    }

    @Test("the 96 bit timestamps of old writers are read")
    func oldTimestamps() throws {
        #expect(
            try SourceRows(vector("int96.parquet"), [("at", .timestamp)]).columns == [[Self.early, Self.late, .null]])
    }

    @Test("integers are times where the table says in which unit")
    func unit() throws {
        let rows = try SourceRows(vector("types.parquet"), [("i32", .timestamp)], unit: .milliseconds)
        #expect(rows.columns == [[.timestamp(-2_147_483_648_000), .timestamp(2_147_483_647_000), .null]])
        #expect(refusal(vector("types.parquet"), [("i32", .timestamp)])?.contains("does not fit TIMESTAMP") == true)
    }

    @Test(
        "a type that does not fit is named with its column and both types",
        arguments: [
            ("list", ValueType.int64, "column list is list<element: int64>, which does not fit INT64"),
            ("text", .int64, "column text is string, which does not fit INT64"),
            ("f64", .int64, "column f64 is double, which does not fit INT64"),
            ("money", .int64, "column money is decimal128(15, 2), which does not fit INT64"),
            ("i64", .string, "column i64 is int64, which does not fit STRING"),
            ("clock", .timestamp, "column clock is time64[us], which does not fit TIMESTAMP"),
            (
                "word", .double,
                "column word is dictionary<values=string, indices=int8, ordered=0>, which does not fit DOUBLE"
            ),
        ])
    func misfits(name: String, type: ValueType, message: String) {
        let path = vector("types.parquet")
        #expect(refusal(path, [(name, type)]) == "\(path): \(message)")
    }

    @Test("an integer beyond INT64, and text that is not UTF-8, are named with their row")
    func values() {
        let types = vector("types.parquet")
        #expect(
            refusal(types, [("u64_beyond", .int64)])
                == "\(types), row 2: column u64_beyond: 18446744073709551615 is beyond INT64")
        let text = vector("not-utf8.parquet")
        #expect(
            refusal(text, [("text", .string)])
                == "\(text), row 2: column text: expected STRING (UTF-8), found other bytes")
    }

    @Test("decimals that become doubles are said once for a column, however many files have it")
    func warnings() throws {
        let options = SourceOptions()
        for _ in 0..<2 {
            _ = try SourceRows(vector("types.parquet"), [("money", .double), ("whole", .int64)], options: options)
        }
        #expect(
            options.warnings.messages
                == ["column money: decimals become DOUBLE, which keeps 15 to 17 digits of them"])
    }

    @Test("a file of several row groups comes in batches and in order", arguments: ["rows.parquet", "rows.orc"])
    func order(file: String) throws {
        let rows = try SourceRows(
            vector(file), [("name", .string), ("id", .int64), ("score", .double), ("seen", .timestamp)])
        #expect(rows.count == 3000)
        if file == "rows.parquet" { #expect(rows.batches > 1) }
        for row in 0..<rows.count {
            #expect(rows.columns[0][row] == (row % 7 == 3 ? .null : .string("name \(row % 50)")))
            #expect(rows.columns[1][row] == .int64(Int64(row)))
            #expect(rows.columns[2][row] == .double(Double(row) / 4))
            #expect(rows.columns[3][row] == .timestamp(Int64(row) * 1_000_000))
        }
    }

    @Test("a file without rows has none")
    func empty() throws {
        #expect(try SourceRows(vector("empty.parquet"), [("id", .int64)]).count == 0)
    }

    @Test("a column that is missing or stands there twice is named")
    func names() {
        let rows = vector("rows.parquet")
        #expect(
            refusal(rows, [("age", .int64)]) == "\(rows): the file names no column age; it has id, name, score, seen")
        let twice = vector("twice.parquet")
        #expect(refusal(twice, [("id", .int64)]) == "\(twice): the file names column id 2 times")
    }
}
