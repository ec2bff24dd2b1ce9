internal import Records

#if canImport(Glibc)
    internal import Glibc
#endif

/// Sorts keys without moving them: most comparisons end in the first eight bytes, which stand beside the index.
enum KeyOrder {
    private struct Item {
        let prefix: UInt64
        let index: Int
    }

    /// The indices of the keys in ascending byte order; equal keys keep theirs.
    static func ascending(_ keys: ByteStrings, in arena: UnsafeRawBufferPointer) -> [Int] {
        if isAscending(keys, in: arena) { return Array(0..<keys.count) }
        var items: [Item] = []
        items.reserveCapacity(keys.count)
        for index in 0..<keys.count { items.append(Item(prefix: prefix(arena, keys.range(at: index)), index: index)) }
        items.sort { a, b in
            if a.prefix != b.prefix { return a.prefix < b.prefix }
            let order = compare(bytes(arena, keys.range(at: a.index)), bytes(arena, keys.range(at: b.index)))
            return order == 0 ? a.index < b.index : order < 0
        }
        return items.map(\.index)
    }

    /// Below, at or above 0 where `a` is before, the same as or after `b`.
    @inline(__always)
    static func compare(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
        let common = min(a.count, b.count)
        if common > 0, let aStart = a.baseAddress, let bStart = b.baseAddress {
            let order = memcmp(aStart, bStart, common)
            if order != 0 { return Int(order) }
        }
        return a.count - b.count
    }

    private static func isAscending(_ keys: ByteStrings, in arena: UnsafeRawBufferPointer) -> Bool {
        guard keys.count > 1 else { return true }
        var last = bytes(arena, keys.range(at: 0))
        for index in 1..<keys.count {
            let next = bytes(arena, keys.range(at: index))
            if compare(last, next) > 0 { return false }
            last = next
        }
        return true
    }

    /// The first eight bytes as a number that orders as they do; zeros follow a shorter key.
    private static func prefix(_ arena: UnsafeRawBufferPointer, _ range: Range<Int>) -> UInt64 {
        if range.count >= 8 {
            return UInt64(bigEndian: arena.loadUnaligned(fromByteOffset: range.lowerBound, as: UInt64.self))
        }
        var prefix: UInt64 = 0
        for index in 0..<8 {
            prefix = prefix << 8 | (index < range.count ? UInt64(arena[range.lowerBound + index]) : 0)
        }
        return prefix
    }

    private static func bytes(_ arena: UnsafeRawBufferPointer, _ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: arena[range])
    }
}
