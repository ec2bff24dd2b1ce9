import Expressions
import Records
import Testing

@Suite struct ComparisonTests {
    static let symbols: [(ComparisonOperator, @Sendable (Int, Int) -> Bool)] = [
        (.equal, { $0 == $1 }), (.notEqual, { $0 != $1 }), (.less, { $0 < $1 }), (.lessOrEqual, { $0 <= $1 }),
        (.greater, { $0 > $1 }), (.greaterOrEqual, { $0 >= $1 }),
    ]

    /// All pairs of `ascending`, whose elements of equal rank are one inner array.
    private func check(_ ascending: [[Expression]]) {
        for (i, xs) in ascending.enumerated() {
            for (j, ys) in ascending.enumerated() {
                for x in xs {
                    for y in ys {
                        for (symbol, holds) in Self.symbols {
                            #expect(value(.comparison(symbol, x, y)) == .bool(holds(i, j)), "\(x) \(symbol) \(y)")
                        }
                    }
                }
            }
        }
    }

    @Test func integersAndTimesCompareByValue() {
        check([[int(.min)], [int(-1)], [int(0)], [int(.max)]])
        check([[time(Int64.min)], [time(0)], [time(Int64.max)]])
    }

    @Test func doublesHaveATotalOrderWithNaNOnTop() {
        check([
            [double(-.infinity)], [double(-1e300)], [double(-Double.leastNonzeroMagnitude)], [double(-0.0), double(0)],
            [double(.leastNonzeroMagnitude)],
            [double(1)], [double(.infinity)], [double(.nan), double(-.nan), double(Double(nan: 7, signaling: false))],
        ])
    }

    @Test func stringsAndBytesCompareByteByByte() {
        check([[text("")], [text("a")], [text("ab")], [text("b")], [text("é")], [text("日")]])
        check([[bytes([])], [bytes([0])], [bytes([0, 1])], [bytes([0x80])], [bytes([0xff, 0])]])
    }

    @Test func falseComesBeforeTrue() {
        check([[bool(false)], [bool(true)]])
    }

    @Test func nothingComparesWithNull() {
        for (symbol, _) in Self.symbols {
            #expect(value(.comparison(symbol, int(nil), int(1))) == .null)
            #expect(value(.comparison(symbol, text("a"), text(nil))) == .null)
            #expect(value(.comparison(symbol, int(nil), int(nil))) == .null)
        }
    }
}
