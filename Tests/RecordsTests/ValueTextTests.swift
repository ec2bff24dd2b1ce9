import Bytes
import Records
import Testing

@Suite struct ValueTextTests {
    func parse(_ text: String, _ type: ValueType) -> Value? {
        Array(text.utf8).withUnsafeBytes { ValueParser(type: type).value(of: $0) }
    }

    @Test(
        arguments: [
            ("true", .bool, .bool(true)), ("FALSE", .bool, .bool(false)), ("1", .bool, nil), ("", .bool, nil),
            ("0", .int64, .int64(0)), ("-9223372036854775808", .int64, .int64(.min)), ("+7", .int64, .int64(7)),
            ("9223372036854775807", .int64, .int64(.max)), ("9223372036854775808", .int64, nil),
            ("-9223372036854775809", .int64, nil), ("2004.0", .int64, .int64(2004)), ("2e3", .int64, .int64(2000)),
            ("1.5", .int64, nil), ("9007199254740993.0", .int64, nil),
            ("9007199254740991.0", .int64, .int64(9_007_199_254_740_991)), ("1e19", .int64, nil),
            ("", .int64, nil), ("-", .int64, nil), ("0x10", .int64, nil), (" 1", .int64, nil), ("1 ", .int64, nil),
            ("NaN", .int64, nil), ("1e400", .double, nil), ("-1e-400", .double, .double(-0.0)),
            ("5.", .double, .double(5)),
            (".5", .double, .double(0.5)), (".", .double, nil), ("1e", .double, nil), ("--1", .double, nil),
            ("-Infinity", .double, .double(-.infinity)), ("INF", .double, .double(.infinity)), ("1_000", .double, nil),
            ("0x1p3", .double, nil), ("1,5", .double, nil), ("AP8=", .bytes, .bytes([0, 255])),
            ("AP8", .bytes, .bytes([0, 255])),
            ("AP8==", .bytes, nil), ("A-_=", .bytes, nil),
            ("2013-01-01", .timestamp, .timestamp(1_356_998_400_000_000)),
            ("1356998400", .timestamp, nil), ("", .string, .string("")),
        ] as [(String, ValueType, Value?)])
    func textIsAValueOfItsTypeOrNone(text: String, type: ValueType, value: Value?) {
        #expect(parse(text, type) == value)
    }

    @Test func aNaNIsRead() {
        guard case .double(let value)? = parse("nan", .double) else {
            Issue.record("NaN was not read")
            return
        }
        #expect(value.isNaN)
    }

    @Test func doublesReadAsSwiftReadsThem() {
        for _ in 0..<20_000 {
            let value = Double(bitPattern: UInt64.random(in: 0...UInt64.max))
            guard value.isFinite else { continue }
            #expect(parse("\(value)", .double) == .double(value))
            let digits = UInt64.random(in: 0...UInt64.max) >> UInt64.random(in: 0...63)
            let text = "\(digits)e\(Int.random(in: -40...40))"
            #expect(parse(text, .double) == Double(text).map(Value.double))
            let places = "\(digits % 1_000_000).\(digits)"
            #expect(parse(places, .double) == Double(places).map(Value.double))
        }
    }

    @Test func nothingAndTheNullTextAreNULLButNotInQuotes() {
        let parser = ValueParser(type: .int64, nullText: "NA")
        Array("NA".utf8).withUnsafeBytes {
            #expect(parser.isNull($0, isQuoted: false))
            #expect(!parser.isNull($0, isQuoted: true))
            #expect(!ValueParser(type: .int64).isNull($0, isQuoted: false))
        }
        #expect(parser.isNull(UnsafeRawBufferPointer(start: nil, count: 0), isQuoted: false))
    }

    @Test(
        arguments: [
            (.null, "null"), (.bool(true), "true"), (.int64(.min), "-9223372036854775808"), (.double(0.1), "0.1"),
            (.double(1), "1.0"), (.double(.nan), #""NaN""#), (.double(.infinity), #""Infinity""#),
            (.double(-.infinity), #""-Infinity""#), (.double(1e300), "1e+300"), (.bytes([0, 255, 16]), #""AP8Q""#),
            (.bytes([0]), #""AA==""#), (.string("a\"b\\c\n\u{1}\u{7f}ü"), #""a\"b\\c\n\u0001\u007fü""#),
            (.timestamp(1_357_035_300_000_000), #""2013-01-01T10:15:00Z""#),
        ] as [(Value, String)])
    func valuesAreWrittenAsJSON(value: Value, text: String) {
        #expect(JSONText.text(of: value) == text)
        #expect(JSONText.object([("a b", value)]) == #"{"a b":\#(text)}"#)
    }

    @Test func whatIsWrittenAsJSONIsReadAsTheSame() {
        for type in ValueType.allCases {
            let value: Value =
                switch type {
                case .bool: .bool(false)
                case .int64: .int64(-5)
                case .double: .double(-1.25e-7)
                case .string: .string("\u{0}\u{1f600}\"\\")
                case .bytes: .bytes(Array(0...255))
                case .timestamp: .timestamp(-1)
                }
            var values = ByteStrings()
            values.append(JSONText.object([("x", value)]).utf8)
            let decoder = RecordDecoder(
                format: .json, schema: [InputColumn(name: "x", type: type, path: ["x"])], needed: [0])
            #expect(decoder.decode(values).batch.columns[0].value(at: 0) == value)
        }
    }
}
