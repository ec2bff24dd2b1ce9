internal import Foundation

// A row stands in memory and in a run alike: the lengths of key and value as varints, then both. The key is a storage key.

/// A row in memory that is known to hold it.
struct StoredRow {
    /// Of two varints and a shard.
    static let greatestOverhead = 2 + 10 + 10

    let key: UnsafeRawBufferPointer
    let value: UnsafeRawBufferPointer

    init(_ start: UnsafeRawPointer) {
        var next = start
        let keyBytes = Self.readVarint(&next)
        let valueBytes = Self.readVarint(&next)
        key = UnsafeRawBufferPointer(start: next, count: keyBytes)
        value = UnsafeRawBufferPointer(start: next + keyBytes, count: valueBytes)
    }

    /// Returns where the row ends.
    static func write(
        shard: UInt16, tuple: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, to start: UnsafeMutableRawPointer
    ) -> UnsafeRawPointer {
        var next = start
        append(varint: tuple.count + 2, to: &next)
        append(varint: value.count, to: &next)
        next.storeBytes(of: shard.bigEndian, as: UInt16.self)
        next += 2
        if let bytes = tuple.baseAddress { next.copyMemory(from: bytes, byteCount: tuple.count) }
        next += tuple.count
        if let bytes = value.baseAddress { next.copyMemory(from: bytes, byteCount: value.count) }
        return UnsafeRawPointer(next + value.count)
    }

    private static func append(varint value: Int, to next: inout UnsafeMutableRawPointer) {
        var rest = UInt64(value)
        while rest >= 0x80 {
            next.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, as: UInt8.self)
            next += 1
            rest >>= 7
        }
        next.storeBytes(of: UInt8(truncatingIfNeeded: rest), as: UInt8.self)
        next += 1
    }

    private static func readVarint(_ next: inout UnsafeRawPointer) -> Int {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = next.load(as: UInt8.self)
            next += 1
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return Int(truncatingIfNeeded: value) }
            shift += 7
        }
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

/// The first eight bytes as a number that orders as they do, with zeros where there are fewer.
func keyPrefix(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    if bytes.count >= 8 { return UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)) }
    var word: UInt64 = 0
    for index in 0..<8 { word = word << 8 | (index < bytes.count ? UInt64(bytes[index]) : 0) }
    return word
}
