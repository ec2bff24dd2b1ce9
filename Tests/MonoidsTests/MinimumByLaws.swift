import Monoids
import Testing

@Suite struct MinimumByLaws {
    @Test func minimaByRankObeyTheirLaws() { expectLaws(.minimumBy) }

    @Test func theValueOfTheSmallestRankIsPresented() throws {
        let rows = [(2.5, "late"), (-1.5, "z"), (-1.5, "early")].map {
            TestRow(x: .bytes(Array($0.1.utf8)), y: .double($0.0))
        }
        let state = accumulate(.minimumBy, TestTypes(x: .bytes, y: .double), rows, slots: [0, 0, 0], slotCount: 1)
        #expect(try AggregateFunction.minimumBy.present(state) == .bytes(Array("early".utf8)))
    }
}
