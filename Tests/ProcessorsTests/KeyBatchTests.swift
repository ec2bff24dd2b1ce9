import Bytes
import Records
import Testing

@testable import Processors

@Suite struct KeyBatchTests {
    private let edges: [ValueType: [Value]] = [
        .bool: [.bool(false), .bool(true), .null],
        .int64: [0, 1, -1, 255, 256, -255, -256, 65_535, -65_536, .max, .min, 1 << 40, -(1 << 56)].map { .int64($0) }
            + [.null],
        .timestamp: [.timestamp(0), .timestamp(1_357_016_400_000_000), .timestamp(-5), .null],
        .double: [0.0, -0.0, 1.5, -1.5, .infinity, -.infinity, .leastNonzeroMagnitude].map { .double($0) } + [.null],
        .string: [.string(""), .string("EWR"), .string("a\u{0}b"), .string("naïve"), .null],
        .bytes: [.bytes([]), .bytes([0, 0xff, 0, 0]), .bytes([UInt8](repeating: 0, count: 40)), .null],
    ]

    @Test func encodesEveryTypeAsSingleKeysAreEncoded() throws {
        var generator = SeededGenerator(seed: 1)
        var batch = KeyBatch()
        for _ in 0..<200 {
            let types = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                ValueType.allCases.randomElement(using: &generator) ?? .int64
            }
            let rows = (0..<Int.random(in: 0...20, using: &generator)).map { _ in
                types.map { edges[$0]?.randomElement(using: &generator) ?? .null }
            }
            let columns = types.enumerated().map { index, type in Column(type: type, values: rows.map { $0[index] }) }
            let paneStarts = rows.indices.map { Int64($0) * 60_000_000 - 120_000_000 }
            var slots = [UInt32](repeating: 0, count: rows.count)
            #expect(batch.encode(columns, paneStarts: paneStarts, slots: &slots).isEmpty)
            for (index, row) in rows.enumerated() {
                var expected = ByteWriter()
                try encodeKey(row + [.timestamp(paneStarts[index])], into: &expected)
                let start = index == 0 ? 0 : batch.ends[index - 1]
                #expect([UInt8](batch.arena[start..<batch.ends[index]]) == expected.bytes)
            }
        }
    }

    @Test func refusesRowsWithNaNAndSkipsThoseThatArePassedOver() {
        var batch = KeyBatch()
        var slots: [UInt32] = [0, GroupMap.noSlot, 0]
        let columns = [
            Column(type: .int64, values: [.int64(1), .int64(2), .int64(3)]),
            Column(type: .double, values: [.double(.nan), .double(.nan), .double(2)]),
        ]
        #expect(batch.encode(columns, paneStarts: nil, slots: &slots) == [0])
        #expect(slots == [GroupMap.noSlot, GroupMap.noSlot, 0])
        #expect(batch.ends == [0, 0, 11])
    }

    @Test func aNaNBehindANullIsNoNaN() {
        var batch = KeyBatch()
        var slots: [UInt32] = [0]
        let column = Column(type: .double, storage: .double([.nan]), nulls: [true])
        #expect(batch.encode([column], paneStarts: nil, slots: &slots).isEmpty)
        #expect(batch.arena[..<batch.ends[0]] == [0])
    }
}
