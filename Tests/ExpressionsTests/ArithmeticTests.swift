import Expressions
import Records
import Testing

@Suite struct ArithmeticTests {
    private func int64s(_ symbol: ArithmeticOperator, _ x: Int64?, _ y: Int64?) -> Value {
        value(.arithmetic(symbol, int(x), int(y)))
    }

    private func doubles(_ symbol: ArithmeticOperator, _ x: Double?, _ y: Double?) -> Value {
        value(.arithmetic(symbol, double(x), double(y)))
    }

    @Test func integersAddSubtractMultiplyAndLeaveRemainders() {
        #expect(int64s(.add, 2, 3) == .int64(5))
        #expect(int64s(.subtract, 2, 3) == .int64(-1))
        #expect(int64s(.multiply, -2, 3) == .int64(-6))
        #expect(int64s(.modulo, -7, 3) == .int64(-1))
        #expect(int64s(.modulo, 7, -3) == .int64(1))
        #expect(int64s(.modulo, .min, -1) == .int64(0))
        #expect(value(.negate(int(5))) == .int64(-5))
    }

    @Test func anIntegerThatDoesNotFitIsNull() {
        #expect(int64s(.add, .max, 1) == .null)
        #expect(int64s(.add, .min, -1) == .null)
        #expect(int64s(.subtract, .min, 1) == .null)
        #expect(int64s(.multiply, .min, -1) == .null)
        #expect(int64s(.multiply, 1 << 32, 1 << 31) == .null)
        #expect(value(.negate(int(.min))) == .null)
        #expect(int64s(.add, .max - 1, 1) == .int64(.max))
    }

    @Test func divisionByZeroIsNullWhateverIsDivided() {
        #expect(int64s(.modulo, 1, 0) == .null)
        for x in [1.0, 0, -0.0, .infinity, .nan] {
            #expect(doubles(.divide, x, 0) == .null)
            #expect(doubles(.divide, x, -0.0) == .null)
        }
        #expect(doubles(.divide, 1, 4) == .double(0.25))
    }

    @Test func doublesOverflowToInfinity() {
        #expect(doubles(.multiply, 1e308, 10) == .double(.infinity))
        #expect(doubles(.add, 0.1, 0.2) == .double(0.1 + 0.2))
        #expect(doubles(.subtract, .infinity, 1) == .double(.infinity))
        #expect(value(.negate(double(-2.5))) == .double(2.5))
    }

    @Test func aNullOperandMakesTheResultNull() {
        for symbol in [ArithmeticOperator.add, .subtract, .multiply, .modulo] {
            #expect(int64s(symbol, nil, 1) == .null)
            #expect(int64s(symbol, 1, nil) == .null)
        }
        for symbol in [ArithmeticOperator.add, .subtract, .multiply, .divide] {
            #expect(doubles(symbol, nil, 1) == .null)
            #expect(doubles(symbol, 1, nil) == .null)
        }
        #expect(value(.negate(int(nil))) == .null)
    }

    @Test func microsecondsMoveATime() {
        #expect(value(.arithmetic(.add, time(5), int(7))) == .timestamp(12))
        #expect(value(.arithmetic(.subtract, time(5), int(7))) == .timestamp(-2))
        #expect(value(.arithmetic(.add, time(.max), int(1))) == .null)
    }

    @Test func whatStandsAtANullsPlaceDoesNotMatter() {
        let batch = RecordBatch(
            count: 2, columns: [Column(type: .int64, storage: .int64([.max, 1]), nulls: [true, false])])
        let column = Expression.arithmetic(.add, .column(0, .int64), int(1)).evaluate(over: batch)
        #expect(column.value(at: 0) == .null)
        #expect(column.value(at: 1) == .int64(2))
    }
}
