import Records
import Testing

@testable import Processors

@Suite struct GroupMapTests {
    private func keys(_ values: [Int64]) -> (KeyBatch, [UInt32]) {
        var batch = KeyBatch()
        var slots = [UInt32](repeating: 0, count: values.count)
        _ = batch.encode([Column(type: .int64, storage: .int64(values))], paneStarts: nil, slots: &slots)
        return (batch, slots)
    }

    @Test func equalKeysShareASlotAndNewOnesCountUp() {
        var map = GroupMap()
        var (batch, slots) = keys([7, -7, 7, 0, -7])
        map.assign(batch, to: &slots)
        #expect(slots == [0, 1, 0, 2, 1])
        (batch, slots) = keys([0, 8])
        map.assign(batch, to: &slots)
        #expect(slots == [2, 3])
        #expect(map.count == 4)
    }

    @Test func rowsThatArePassedOverGetNoSlot() {
        var map = GroupMap()
        var (batch, slots) = keys([1, 2, 3])
        slots[1] = GroupMap.noSlot
        map.assign(batch, to: &slots)
        #expect(slots == [0, GroupMap.noSlot, 1])
    }

    @Test func keepsEveryKeyWhileItGrowsAndWhenItIsUsedAgain() {
        var map = GroupMap()
        for round in 0..<3 {
            var expected: [Int64: UInt32] = [:]
            var next: UInt32 = 0
            for start in stride(from: 0, to: 40_000, by: 1000) {
                let values = (0..<1000).map { Int64(($0 * 7919 + start * 31 + round) % 30_011) }
                var (batch, slots) = keys(values)
                map.assign(batch, to: &slots)
                for (value, slot) in zip(values, slots) {
                    if expected[value] == nil {
                        expected[value] = next
                        next += 1
                    }
                    #expect(expected[value] == slot)
                }
            }
            #expect(map.count == expected.count)
            map.removeAll()
            #expect(map.count == 0)
        }
    }

    @Test func theEmptyKeyIsAKey() {
        var map = GroupMap()
        var batch = KeyBatch()
        var slots: [UInt32] = [0, 0]
        _ = batch.encode([], paneStarts: nil, slots: &slots)
        map.assign(batch, to: &slots)
        #expect(slots == [0, 0])
        #expect(map.count == 1)
    }
}
