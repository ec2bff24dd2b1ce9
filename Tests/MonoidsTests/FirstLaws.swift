import Monoids
import Testing

@Suite struct FirstLaws {
    @Test func firstsObeyTheirLaws() { expectLaws(.first) }

    @Test func theEarliestRowCountsAndAtEqualTimesTheSmallerValue() throws {
        let rows = [(5, 1), (3, 9), (3, 7), (4, 0)].map { TestRow(x: .int64($0.1), time: $0.0) }
        let state = accumulate(.first, TestTypes(x: .int64), rows, slots: [0, 0, 0, 0], slotCount: 1)
        #expect(try AggregateFunction.first.present(state) == .int64(7))
    }
}
