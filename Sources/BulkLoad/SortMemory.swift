internal import Foundation

/// The rows that are in memory.
struct SortMemory {
    /// What a row takes besides its bytes.
    static let entryBytes = MemoryLayout<Entry>.stride

    private struct Entry {
        /// The key's first 16 bytes as a number: most comparisons need no more.
        var prefix: UInt64
        var prefixRest: UInt64
        var offset: Int
        var keyBytes: UInt32
        var valueBytes: UInt32
    }

    private var arena: [UInt8] = []
    private var entries: [Entry] = []

    init(capacity: Int) {
        arena.reserveCapacity(capacity)
    }

    var count: Int { entries.count }
    var bytes: Int { arena.count + entries.count * Self.entryBytes }

    mutating func append(key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        entries.append(
            Entry(
                prefix: Self.word(of: key, at: 0), prefixRest: Self.word(of: key, at: 8), offset: arena.count,
                keyBytes: UInt32(key.count),
                valueBytes: UInt32(value.count)))
        arena.append(contentsOf: key)
        arena.append(contentsOf: value)
    }

    mutating func removeAll() {
        arena.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
    }

    /// Hands over every key once, in order, and returns how many rows gave way to a later one.
    mutating func handOver(
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(BulkLoadError) -> Void
    ) throws(BulkLoadError) -> Int64 {
        let result = arena.withUnsafeBytes { arena -> Result<Int64, BulkLoadError> in
            // The later of two equal keys comes first.
            entries.sort { a, b in
                if a.prefix != b.prefix { return a.prefix < b.prefix }
                if a.prefixRest != b.prefixRest { return a.prefixRest < b.prefixRest }
                let order = compare(Self.key(a, arena), Self.key(b, arena))
                return order == 0 ? a.offset > b.offset : order < 0
            }
            var duplicates: Int64 = 0
            var last: Entry?
            for entry in entries {
                let key = Self.key(entry, arena)
                if let last, last.prefixRest == entry.prefixRest, compare(Self.key(last, arena), key) == 0 {
                    duplicates += 1
                    continue
                }
                last = entry
                let start = entry.offset + Int(entry.keyBytes)
                do throws(BulkLoadError) {
                    try body(key, UnsafeRawBufferPointer(rebasing: arena[start..<start + Int(entry.valueBytes)]))
                } catch {
                    return .failure(error)
                }
            }
            return .success(duplicates)
        }
        return try result.get()
    }

    private static func key(_ entry: Entry, _ arena: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: arena[entry.offset..<entry.offset + Int(entry.keyBytes)])
    }

    /// Eight bytes as a number that orders as they do, with zeros where the key has ended.
    private static func word(of key: UnsafeRawBufferPointer, at offset: Int) -> UInt64 {
        if key.count >= offset + 8 {
            return UInt64(bigEndian: key.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        var word: UInt64 = 0
        for index in offset..<offset + 8 { word = word << 8 | (index < key.count ? UInt64(key[index]) : 0) }
        return word
    }
}

/// The order of keys as RocksDB has it: bytes, then length.
func compare(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
    let common = min(a.count, b.count)
    if common > 0, let a = a.baseAddress, let b = b.baseAddress {
        let order = memcmp(a, b, common)
        if order != 0 { return Int(order) }
    }
    return a.count - b.count
}
