import Expressions
import Records
import Testing

@Suite struct CastTests {
    private func cast(_ operand: Expression, _ type: ValueType) -> Value { value(.cast(operand, to: type)) }

    @Test func doublesAreCutOffTowardsZero() {
        #expect(cast(double(2.9), .int64) == .int64(2))
        #expect(cast(double(-2.9), .int64) == .int64(-2))
        #expect(cast(double(-0x1p63), .int64) == .int64(.min))
        #expect(cast(double(0x1p63), .int64) == .null)
        #expect(cast(double(0x1p63.nextDown), .int64) == .int64(9_223_372_036_854_774_784))
        #expect(cast(double(.nan), .int64) == .null)
        #expect(cast(double(-.infinity), .int64) == .null)
        #expect(cast(int(.max), .double) == .double(0x1p63))
    }

    @Test(
        arguments: [
            ("0", 0), ("-5", -5), ("+7", 7), ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min),
            ("9223372036854775808", nil), ("-9223372036854775809", nil), ("", nil), ("-", nil), ("1.0", 1),
            ("1.5", nil), (" 1", nil),
            ("1e3", 1000), ("0x10", nil), ("99999999999999999999999", nil),
        ] as [(String, Int64?)])
    func textIsAnIntegerOrNull(_ string: String, _ expected: Int64?) {
        #expect(cast(text(string), .int64) == expected.map { .int64($0) } ?? .null)
    }

    @Test(
        arguments: [
            ("0", 0), ("-1.5e3", -1500), (".5", 0.5), ("1e400", nil), ("-1e400", nil), ("1e-400", 0), ("NaN", .nan),
            ("Infinity", .infinity), ("-Infinity", -.infinity), ("0x1p3", nil), ("", nil),
            (" 1", nil), ("1 ", nil), ("e", nil), ("1e", nil), ("--1", nil),
        ] as [(String, Double?)])
    func textIsADoubleOrNull(_ string: String, _ expected: Double?) {
        #expect(same(cast(text(string), .double), expected.map { .double($0) } ?? .null))
    }

    @Test func textIsABooleanInAnyCase() {
        #expect(cast(text("true"), .bool) == .bool(true))
        #expect(cast(text("False"), .bool) == .bool(false))
        #expect(cast(text("TRUE "), .bool) == .null)
        #expect(cast(text("1"), .bool) == .null)
    }

    @Test func textIsATimeAsRecordsHaveIt() {
        #expect(cast(text("1970-01-01T00:00:01Z"), .timestamp) == .timestamp(1_000_000))
        #expect(cast(text("1970-01-02"), .timestamp) == .timestamp(86_400_000_000))
        #expect(cast(text("yesterday"), .timestamp) == .null)
        #expect(cast(time(1_500_000), .string) == .string("1970-01-01T00:00:01.500Z"))
    }

    @Test func timesAreMicroseconds() {
        #expect(cast(time(5), .int64) == .int64(5))
        #expect(cast(int(-5), .timestamp) == .timestamp(-5))
    }

    @Test func everythingHasAText() {
        #expect(cast(int(.min), .string) == .string("-9223372036854775808"))
        #expect(cast(double(0.1), .string) == .string("0.1"))
        #expect(cast(double(.nan), .string) == .string("NaN"))
        #expect(cast(double(-.infinity), .string) == .string("-Infinity"))
        #expect(cast(bool(true), .string) == .string("true"))
        #expect(cast(bytes([0x61]), .string) == .string("a"))
        #expect(cast(bytes([0xff]), .string) == .null)
        #expect(cast(text("é"), .bytes) == .bytes([0xc3, 0xa9]))
    }

    @Test func booleansAreZeroAndOne() {
        #expect(cast(bool(true), .int64) == .int64(1))
        #expect(cast(int(7), .bool) == .bool(true))
        #expect(cast(int(0), .bool) == .bool(false))
    }

    @Test func nullStaysNullInEveryType() {
        for from in ValueType.allCases {
            for to in ValueType.allCases where Cast.exists(from: from, to: to) {
                #expect(cast(.literal(.null, from), to) == .null)
            }
        }
    }
}
