import Monoids
import Testing

@Suite struct MaximumLaws {
    @Test func maximaObeyTheirLaws() { expectLaws(.maximum) }
}
