import Foundation
import Testing

@testable import maser_drive

@Suite("the keys that the load generator asks for")
struct KeySequenceTests {
    @Test("Zipfian ranks come as often as Zipf's law has it")
    func zipfian() {
        let (count, draws, exponent) = (1000, 1_000_000, 0.99)
        var found = [Int](repeating: 0, count: count)
        var random = SplitMix64(state: 42)
        let ranks = ZipfianRanks(count: count, exponent: exponent)
        for _ in 0..<draws { found[ranks.draw(&random)] += 1 }
        let total = (1...count).reduce(0) { $0 + pow(Double($1), -exponent) }
        for rank in [0, 1, 2, 9, 99] {
            let expected = Double(draws) * pow(Double(rank + 1), -exponent) / total
            // Five standard deviations.
            #expect(abs(Double(found[rank]) - expected) < 5 * expected.squareRoot())
        }
        let tail = (500..<1000).reduce(0) { $0 + pow(Double($1 + 1), -exponent) } / total * Double(draws)
        #expect(abs(Double(found[500...].reduce(0, +)) - tail) < 5 * tail.squareRoot())
    }

    @Test("uniform keys come alike, and all are rows that there are")
    func uniform() {
        let sequence = KeySequence(.uniform, keys: 10, seed: 1, draws: 1 << 17)
        var found = [Int](repeating: 0, count: 10)
        for _ in 0..<100_000 { found[Int(sequence.next())] += 1 }
        for each in found { #expect(abs(each - 10_000) < 500) }
    }
}
