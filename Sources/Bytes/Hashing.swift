internal import CXXHash

/// XXH3-64, seed 0: what shards keys and what checks stored bytes.
package func xxh3(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    maser_xxh3_64(bytes.baseAddress, bytes.count)
}

package func xxh3(_ bytes: [UInt8]) -> UInt64 {
    bytes.withUnsafeBytes { xxh3($0) }
}

/// Of each of the byte strings that lie one after another in `arena`; number i ends at `ends[i]`.
package func xxh3(ofEach arena: UnsafeRawBufferPointer, ends: [Int]) -> [UInt64] {
    precondition(ends.last ?? 0 <= arena.count)
    return [UInt64](unsafeUninitializedCapacity: ends.count) { hashes, count in
        maser_xxh3_64_of_each(arena.baseAddress, ends, ends.count, 0, hashes.baseAddress)
        count = ends.count
    }
}

/// The same without the first bytes of each, into memory that is there.
package func xxh3(
    ofEach arena: UnsafeRawBufferPointer, ends: UnsafeBufferPointer<Int>, skipping skipped: Int = 0,
    into hashes: UnsafeMutablePointer<UInt64>
) {
    precondition(ends.last ?? 0 <= arena.count && skipped >= 0)
    maser_xxh3_64_of_each(arena.baseAddress, ends.baseAddress, ends.count, skipped, hashes)
}

/// The hash of Kafka's default partitioner: MurmurHash2, 32 bits, with Kafka's seed.
package func murmur2(_ bytes: UnsafeRawBufferPointer) -> Int32 {
    let multiplier: UInt32 = 0x5bd1_e995
    var hash = 0x9747_b28c ^ UInt32(truncatingIfNeeded: bytes.count)
    let wholeWords = bytes.count / 4
    for word in 0..<wholeWords {
        var k = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: word * 4, as: UInt32.self))
        k &*= multiplier
        k ^= k >> 24
        k &*= multiplier
        hash &*= multiplier
        hash ^= k
    }
    let tail = wholeWords * 4
    if bytes.count - tail >= 3 { hash ^= UInt32(bytes[tail + 2]) << 16 }
    if bytes.count - tail >= 2 { hash ^= UInt32(bytes[tail + 1]) << 8 }
    if bytes.count - tail >= 1 {
        hash ^= UInt32(bytes[tail])
        hash &*= multiplier
    }
    hash ^= hash >> 13
    hash &*= multiplier
    hash ^= hash >> 15
    return Int32(bitPattern: hash)
}

/// The bucket that Kafka's default partitioner gives a record's key.
package func bucket(ofRecordKey key: UnsafeRawBufferPointer, buckets: Int) -> Int {
    Int(murmur2(key) & 0x7fff_ffff) % buckets
}
