import Bytes
import Foundation
import Records
import Testing

@testable import Tables

@Suite struct HotKeyTests {
    /// Ranks of a Zipfian stream: rank r comes with a probability in proportion to 1 / r^0.99.
    struct ZipfianRanks {
        private var sums: [Double] = []
        private var generator: SystemRandom

        init(_ count: Int, seed: UInt64) {
            var sum = 0.0
            for rank in 1...count {
                sum += pow(Double(rank), -0.99)
                sums.append(sum)
            }
            generator = SystemRandom(seed: seed)
        }

        mutating func next() -> Int {
            let point = Double(generator.next() >> 11) / Double(1 << 53) * (sums.last ?? 1)
            var (low, high) = (0, sums.count - 1)
            while low < high {
                let middle = (low + high) / 2
                if sums[middle] < point { low = middle + 1 } else { high = middle }
            }
            return low
        }
    }

    struct SystemRandom {
        private var state: UInt64

        init(seed: UInt64) { state = seed }

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
    }

    private static func key(_ rank: Int) -> [UInt8] { Array("key \(rank)".utf8) }

    @Test(arguments: [8, 64, 128] as [Int], [1, 2, 3] as [UInt64])
    func countsOfAZipfianStreamAreWithinTheSketchsBounds(capacity: Int, seed: UInt64) {
        var ranks = ZipfianRanks(20_000, seed: seed)
        let sketch = SpaceSaving(capacity: capacity)
        var truth: [[UInt8]: UInt64] = [:]
        for _ in 0..<50_000 {
            let key = Self.key(ranks.next())
            truth[key, default: 0] += 1
            key.withUnsafeBytes { sketch.add($0) }
        }
        #expect(sketch.total == 50_000)
        let entries = sketch.entries
        #expect(entries.count == capacity && Set(entries.map(\.hash)).count == capacity)
        for entry in entries {
            let key = entry.key ?? []
            let count = truth[key] ?? 0
            #expect(entry.hash == xxh3(key))
            #expect(entry.count >= count && entry.count - entry.error <= count)
            #expect(entry.error <= 50_000 / UInt64(capacity))
        }
        let found = Set(entries.map { $0.key ?? [] })
        for (key, count) in truth where count > 50_000 / UInt64(capacity) { #expect(found.contains(key)) }
    }

    @Test func sketchesOfPartsOfAStreamAreAddedUpWithinTheirBounds() {
        var ranks = ZipfianRanks(5000, seed: 9)
        let sketches = (0..<4).map { _ in SpaceSaving(capacity: 64) }
        var truth: [UInt64: UInt64] = [:]
        for index in 0..<40_000 {
            // Parts that see different keys.
            let rank = ranks.next()
            let key = Self.key(rank)
            truth[xxh3(key), default: 0] += 1
            key.withUnsafeBytes { sketches[(rank + index % 2) % 4].add($0) }
        }
        var sum = SketchSum()
        for sketch in sketches { sum.add(sketch) }
        #expect(sum.total == 40_000)
        for key in sum.keys {
            let count = truth[key.hash] ?? 0
            #expect(key.least <= count && count <= key.greatest)
        }
        let found = Set(sum.keys.map(\.hash))
        for (hash, count) in truth where count > 40_000 / 64 { #expect(found.contains(hash)) }
    }

    @Test(arguments: [1, 50, 64, 1000])
    func theHottestKeysOfSampledBatchesAreFoundWithTheirShares(batch: Int) {
        var ranks = ZipfianRanks(100_000, seed: UInt64(batch))
        let hotKeys = HotKeys()
        let samplers = (0..<2).map { _ in hotKeys.makeSampler() }
        var truth = [Int](repeating: 0, count: 100_000)
        let total = 600_000
        var asked = 0
        while asked < total {
            var keys = ByteStrings()
            for _ in 0..<batch {
                let rank = ranks.next()
                truth[rank] += 1
                keys.append(Self.key(rank))
            }
            samplers[asked / batch % 2].note(keys, table: 7)
            asked += batch
        }
        let hottest = hotKeys.hottest(of: 7, count: 3)
        #expect(hottest.keys.map { $0.key ?? [] } == (0..<3).map(Self.key))
        #expect(abs(Double(hottest.lookups) / Double(asked) - 1) < 0.1)
        for (rank, key) in hottest.keys.enumerated() {
            let share = Double(truth[rank]) / Double(asked)
            #expect(abs(Double(key.least) / Double(hottest.lookups) - share) < 0.25 * share)
        }
        #expect(hotKeys.hottest(of: 8, count: 3).keys.isEmpty)
    }

    @Test func keysThatAreAllAlikeAreNotHotAndFewLookupsSayNothing() {
        let hotKeys = HotKeys()
        let sampler = hotKeys.makeSampler()
        for key in 0..<20_000 {
            var keys = ByteStrings()
            keys.append(Self.key(key))
            sampler.note(keys, table: 1)
            if key < 10 { sampler.note(keys, table: 2) }
        }
        #expect(hotKeys.hottest(of: 1, count: 5).keys.isEmpty)
        #expect(hotKeys.hottest(of: 2, count: 5).keys.isEmpty)
    }

    @Test func whatWasHotCoolsDownAfterTwoSpansOfTime() {
        let hotKeys = HotKeys()
        let sampler = hotKeys.makeSampler()
        func ask(_ key: String) {
            for _ in 0..<100 {
                var keys = ByteStrings()
                keys.append(Array(key.utf8))
                sampler.note(keys, table: 1)
            }
        }
        ask("former")
        hotKeys.beginSpan()
        ask("newer")
        #expect(Set(hotKeys.hottest(of: 1, count: 5).keys.map(\.key)) == [Array("former".utf8), Array("newer".utf8)])
        hotKeys.beginSpan()
        #expect(hotKeys.hottest(of: 1, count: 5).keys.map(\.key) == [Array("newer".utf8)])
        hotKeys.beginSpan()
        #expect(hotKeys.hottest(of: 1, count: 5).lookups == 0)
        ask("again")
        #expect(hotKeys.hottest(of: 1, count: 5).keys.map(\.least) == [100])
    }

    @Test func aLongKeyIsKnownByItsHash() {
        let hotKeys = HotKeys()
        let sampler = hotKeys.makeSampler()
        let long = [UInt8](repeating: 7, count: SpaceSaving.greatestKeyBytes + 1)
        var keys = ByteStrings()
        for _ in 0..<20 { keys.append(long) }
        sampler.note(keys, table: 1)
        let hottest = hotKeys.hottest(of: 1, count: 5).keys
        #expect(hottest == [HotKeys.HotKey(hash: xxh3(long), key: nil, least: 20, greatest: 20)])
    }
}
