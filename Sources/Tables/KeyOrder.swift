internal import Records

#if canImport(Glibc)
    internal import Glibc
#endif

// Keys of the store begin with a shard, and those of one table go on with much that they share ("user-000..."). So what
// tells them apart is the shard and the first bytes after what all have in common. These stand beside each index as one
// number; numbers are sorted digit by digit, and hardly any two keys have to be compared as a whole.

/// Sorts keys without moving them.
enum KeyOrder {
    private struct Item {
        let prefix: UInt64
        let index: Int
    }

    /// Below so many, comparing costs less than counting digits.
    private static let leastToCountDigits = 256
    private static let digitBits: UInt64 = 8

    /// The indices of the keys in ascending byte order; equal keys keep theirs.
    static func ascending(_ keys: ByteStrings, in arena: UnsafeRawBufferPointer) -> [Int] {
        if isAscending(keys, in: arena) { return Array(0..<keys.count) }
        var items: [Item] = []
        items.reserveCapacity(keys.count)
        let common = commonCount(keys, in: arena)
        for index in 0..<keys.count {
            items.append(Item(prefix: prefix(bytes(arena, keys.range(at: index)), common), index: index))
        }
        guard items.count >= leastToCountDigits else {
            sortWhole(&items[...], keys, in: arena)
            return items.map(\.index)
        }
        sortByPrefix(&items)
        sortTies(&items, keys, in: arena)
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

    // MARK: Prefixes

    /// How many bytes after the shard are the same in all keys.
    private static func commonCount(_ keys: ByteStrings, in arena: UnsafeRawBufferPointer) -> Int {
        let first = StorageKey.tuple(of: bytes(arena, keys.range(at: 0)))
        var common = first.count
        for index in 1..<keys.count where common > 0 {
            let tuple = StorageKey.tuple(of: bytes(arena, keys.range(at: index)))
            var same = 0
            while same < min(common, tuple.count), first[same] == tuple[same] { same += 1 }
            common = same
        }
        return common
    }

    /// The shard and the first six bytes after the common ones, as a number that orders as they do; zeros follow a
    /// shorter key.
    @inline(__always)
    private static func prefix(_ key: UnsafeRawBufferPointer, _ common: Int) -> UInt64 {
        let start = StorageKey.shardBytes + common
        if key.count >= start + 8 {
            let shard = UInt64(UInt16(bigEndian: key.loadUnaligned(as: UInt16.self)))
            return shard << 48 | UInt64(bigEndian: key.loadUnaligned(fromByteOffset: start, as: UInt64.self)) >> 16
        }
        var prefix: UInt64 = 0
        for place in 0..<StorageKey.shardBytes { prefix = prefix << 8 | byte(key, place) }
        for place in start..<start + 6 { prefix = prefix << 8 | byte(key, place) }
        return prefix
    }

    @inline(__always)
    private static func byte(_ key: UnsafeRawBufferPointer, _ place: Int) -> UInt64 {
        place < key.count ? UInt64(key[place]) : 0
    }

    // MARK: Sorting

    /// From the last digit to the first, each time keeping the order of those that are equal in it.
    private static func sortByPrefix(_ items: inout [Item]) {
        let first = items[0].prefix
        let differing = items.reduce(0 as UInt64) { $0 | ($1.prefix ^ first) }
        var sorted = [Item](repeating: items[0], count: items.count)
        var starts = [Int](repeating: 0, count: 1 << digitBits)
        for shift in stride(from: 0, to: UInt64(UInt64.bitWidth), by: Int(digitBits)) {
            let mask: UInt64 = (1 << digitBits) - 1
            guard differing >> shift & mask != 0 else { continue }
            for digit in starts.indices { starts[digit] = 0 }
            for item in items { starts[Int(item.prefix >> shift & mask)] += 1 }
            var start = 0
            for digit in starts.indices { (starts[digit], start) = (start, start + starts[digit]) }
            for item in items {
                let digit = Int(item.prefix >> shift & mask)
                sorted[starts[digit]] = item
                starts[digit] += 1
            }
            swap(&items, &sorted)
        }
    }

    private static func sortTies(_ items: inout [Item], _ keys: ByteStrings, in arena: UnsafeRawBufferPointer) {
        var start = 0
        while start < items.count {
            var end = start + 1
            while end < items.count, items[end].prefix == items[start].prefix { end += 1 }
            if end - start > 1 { sortWhole(&items[start..<end], keys, in: arena) }
            start = end
        }
    }

    private static func sortWhole(
        _ items: inout ArraySlice<Item>, _ keys: ByteStrings, in arena: UnsafeRawBufferPointer
    ) {
        items.sort { a, b in
            if a.prefix != b.prefix { return a.prefix < b.prefix }
            let order = compare(bytes(arena, keys.range(at: a.index)), bytes(arena, keys.range(at: b.index)))
            return order == 0 ? a.index < b.index : order < 0
        }
    }

    private static func bytes(_ arena: UnsafeRawBufferPointer, _ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: arena[range])
    }
}
