import Records
import Testing

@testable import Tables

@Suite struct KeyOrderTests {
    @Test(arguments: [0, 1, 2, 10, 255, 256, 5000])
    func ordersAsComparingWholeKeysDoes(count: Int) {
        var random = Seeded(UInt64(count))
        for alphabet in [2, 4, 256] as [UInt64] {
            for common in [[], [7], Array("user-000".utf8)] as [[UInt8]] {
                let keys = (0..<count).map { _ in
                    let shard = [UInt8(random.next() % 2), UInt8(random.next() % 4)]
                    let tail = (0..<Int(random.next() % 12)).map { _ in UInt8(random.next() % alphabet) }
                    return shard + common + tail
                }
                expectOrder(of: keys)
            }
        }
    }

    @Test func ordersKeysOfEveryLength() {
        let keys: [[UInt8]] = [
            [0, 1, 0], [], [0, 1], [0], [0, 1, 0, 0], [1], [0, 0, 255], [0, 1, 0, 0, 0, 0, 0, 0, 0], [],
        ]
        expectOrder(of: keys)
        expectOrder(of: Array((0..<100).flatMap { _ in keys }))
    }

    private func expectOrder(of keys: [[UInt8]]) {
        var strings = ByteStrings()
        for key in keys { strings.append(key) }
        let order = strings.arena.withUnsafeBytes { KeyOrder.ascending(strings, in: $0) }
        let expected = keys.indices.sorted { a, b in
            keys[a] == keys[b] ? a < b : keys[a].lexicographicallyPrecedes(keys[b])
        }
        #expect(order == expected)
    }
}
