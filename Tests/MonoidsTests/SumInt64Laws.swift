import Bytes
import Monoids
import Testing

@Suite struct SumInt64Laws {
    @Test func integerSumsObeyTheirLaws() { expectLaws(.sumInt64) }

    private func sum(_ values: [Int64]) -> EncodedState? {
        let rows = values.map { TestRow(x: .int64($0)) }
        return accumulate(.sumInt64, TestTypes(x: .int64), rows, slots: rows.map { _ in 0 }, slotCount: 1)[0]
    }

    @Test func aSumSaturatesOnlyWhenItIsPresented() throws {
        let high = sum([.max, .max])
        #expect(try AggregateFunction.sumInt64.present([high]) == .int64(.max))
        let back = MonoidKind.sumInt64.combine(high, sum([-.max]))
        #expect(try AggregateFunction.sumInt64.present([back]) == .int64(.max))
        let zero = MonoidKind.sumInt64.combine(back, sum([-.max]))
        #expect(try AggregateFunction.sumInt64.present([zero]) == .int64(0))
        #expect(try AggregateFunction.sumInt64.present([sum([.min, -1])]) == .int64(.min))
    }

    @Test func anAverageTakesTheSumBeyond64Bits() throws {
        let count = EncodedState { $0.append(field: 1, int64: 2) }
        #expect(try AggregateFunction.averageInt64.present([sum([.max, .max]), count]) == .double(0x1p63))
        #expect(try AggregateFunction.averageInt64.present([nil, count]) == nil)
        #expect(try AggregateFunction.averageInt64.present([sum([1]), nil]) == nil)
    }
}
