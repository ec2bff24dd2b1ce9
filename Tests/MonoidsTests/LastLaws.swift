import Monoids
import Testing

@Suite struct LastLaws {
    @Test func lastsObeyTheirLaws() { expectLaws(.last) }

    @Test func theLatestRowCountsAndAtEqualTimesTheGreaterValue() throws {
        let rows = [(5, 1), (5, 9), (3, 70), (5, 0)].map { TestRow(x: .int64($0.1), time: $0.0) }
        let state = accumulate(.last, TestTypes(x: .int64), rows, slots: [0, 0, 0, 0], slotCount: 1)
        #expect(try AggregateFunction.last.present(state) == .int64(9))
    }

    @Test func aNullDoesNotReplaceAValue() throws {
        let rows = [TestRow(x: .bytes([1]), time: 1), TestRow(time: 2)]
        let state = accumulate(.last, TestTypes(x: .bytes), rows, slots: [0, 0], slotCount: 1)
        #expect(try AggregateFunction.last.present(state) == .bytes([1]))
    }
}
