import Monoids
import Testing

@Suite struct MaximumByLaws {
    @Test func maximaByRankObeyTheirLaws() { expectLaws(.maximumBy) }
}
