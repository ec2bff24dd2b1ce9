import Records
import Testing

@testable import Processors

@Suite struct GroupMapTests {
    private func rows(_ columns: [Column], passingOver passed: [Int] = [], count: Int) -> KeyedRows {
        var rows = KeyedRows(slots: [UInt32](repeating: 0, count: count), keys: KeyBatch())
        for row in passed { rows.slots[row] = GroupMap.noSlot }
        _ = rows.keys.encode(columns, paneStarts: nil, slots: &rows.slots)
        rows.keys.hash()
        return rows
    }

    private func keys(_ values: [Int64], passingOver passed: [Int] = []) -> KeyedRows {
        rows([Column(type: .int64, storage: .int64(values))], passingOver: passed, count: values.count)
    }

    @Test func equalKeysShareASlotAndNewOnesCountUp() {
        var map = GroupMap()
        var slots: [UInt32] = []
        map.assign(keys([7, -7, 7, 0, -7]), to: &slots)
        #expect(slots == [0, 1, 0, 2, 1])
        map.assign(keys([0, 8]), to: &slots)
        #expect(slots == [2, 3])
        #expect(map.count == 4)
    }

    @Test func rowsThatArePassedOverGetNoSlot() {
        var map = GroupMap()
        var slots: [UInt32] = []
        map.assign(keys([1, 2, 3], passingOver: [1]), to: &slots)
        #expect(slots == [0, GroupMap.noSlot, 1])
    }

    @Test func rowsThatAnotherBatchHasCoveredGetNoSlot() {
        var map = GroupMap()
        var slots: [UInt32] = []
        map.assign(keys([1, 2, 3]), from: 2, to: &slots)
        #expect(slots == [GroupMap.noSlot, GroupMap.noSlot, 0])
        map.assign(keys([1]), from: 1, to: &slots)
        #expect(slots == [GroupMap.noSlot])
        #expect(map.count == 1)
    }

    @Test func keepsEveryKeyWhileItGrowsAndWhenItIsUsedAgain() {
        var map = GroupMap()
        for round in 0..<3 {
            var expected: [Int64: UInt32] = [:]
            var next: UInt32 = 0
            for start in stride(from: 0, to: 40_000, by: 1000) {
                let values = (0..<1000).map { Int64(($0 * 7919 + start * 31 + round) % 30_011) }
                var slots: [UInt32] = []
                map.assign(keys(values), to: &slots)
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
        var slots: [UInt32] = []
        map.assign(rows([], count: 2), to: &slots)
        #expect(slots == [0, 0])
        #expect(map.count == 1)
    }
}
