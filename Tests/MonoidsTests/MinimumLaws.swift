import Monoids
import Testing

@Suite struct MinimumLaws {
    @Test func minimaObeyTheirLaws() { expectLaws(.minimum) }

    @Test func notANumberIsTheMinimumOnlyOfItself() throws {
        let types = TestTypes(x: .double)
        let rows = [Double.nan, .infinity].map { TestRow(x: .double($0)) }
        let both = accumulate(.minimum, types, rows, slots: [0, 0], slotCount: 1)
        #expect(try AggregateFunction.minimum.present(both) == .double(.infinity))
    }

    @Test func zeroHasOneSign() throws {
        let state = prepare(.minimum, TestTypes(x: .double), TestRow(x: .double(-0.0)))
        guard case .double(let value) = try AggregateFunction.minimum.present([state]) else {
            Issue.record("no minimum")
            return
        }
        #expect(value.sign == .plus)
    }

    @Test func statesOfDifferentTypesDoNotCombine() {
        let a = prepare(.minimum, TestTypes(x: .double), TestRow(x: .double(1)))
        let b = prepare(.minimum, TestTypes(x: .int64), TestRow(x: .int64(1)))
        #expect(MonoidKind.minimum.combine(a, b) == nil)
    }
}
