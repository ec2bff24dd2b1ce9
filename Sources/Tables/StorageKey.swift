package import Bytes
package import Catalog
package import Records

/// Makes the keys of the store out of tuple keys: the shard in two bytes, high byte first, then the tuple.
///
/// The shard is XXH3-64, modulo the shard count, of the tuple's leading columns, so that rows that share them stand
/// together and one scan of one shard finds them.
package struct StorageKey: Hashable, Sendable {
    package static let shardBytes = 2

    package let shardCount: Int
    package let shardColumnCount: Int

    package init(shardCount: Int, shardColumnCount: Int) {
        precondition(shardCount >= 1 && shardCount <= 1 << 15, "a shard number has 15 bits")
        self.shardCount = shardCount
        self.shardColumnCount = shardColumnCount
    }

    package init(of table: TableEntry, shardCount: Int) {
        self.init(shardCount: shardCount, shardColumnCount: table.shardColumnCount)
    }

    /// The shard of rows whose leading columns are encoded as these bytes.
    package func shard(ofLeadingColumns bytes: UnsafeRawBufferPointer) -> UInt16 {
        UInt16(truncatingIfNeeded: xxh3(bytes) % UInt64(shardCount))
    }

    package func shard(of tuple: UnsafeRawBufferPointer) throws(BytesError) -> UInt16 {
        var reader = ByteReader(tuple)
        for _ in 0..<shardColumnCount { try reader.skipTupleElement() }
        return shard(ofLeadingColumns: UnsafeRawBufferPointer(rebasing: tuple[..<reader.position]))
    }

    /// Appends the storage key of every tuple.
    package func encode(_ tuples: ByteStrings, into keys: inout ByteStrings) throws(BytesError) {
        keys.arena.reserveCapacity(keys.arena.count + tuples.arena.count + tuples.count * Self.shardBytes)
        keys.ends.reserveCapacity(keys.count + tuples.count)
        try tuples.arena.withBytes { arena throws(BytesError) in
            for index in 0..<tuples.count {
                try append(UnsafeRawBufferPointer(rebasing: arena[tuples.range(at: index)]), to: &keys)
            }
        }
    }

    /// Appends the storage key of one tuple.
    func append(_ tuple: UnsafeRawBufferPointer, to keys: inout ByteStrings) throws(BytesError) {
        let shard = try shard(of: tuple)
        keys.arena.append(UInt8(shard >> 8))
        keys.arena.append(UInt8(truncatingIfNeeded: shard))
        keys.append(tuple)
    }

    /// Writes the shards into keys that `encodeKeys` made with `leading` as `shardColumnCount` and `reserved` as
    /// `shardBytes`; nothing is moved.
    package func fillShards(of encoded: inout EncodedKeys) {
        encoded.keys.arena.withUnsafeMutableBytes { arena in
            var start = 0
            for index in encoded.keys.ends.indices {
                let leading = start + Self.shardBytes..<encoded.leadingEnds[index]
                let shard = shard(ofLeadingColumns: UnsafeRawBufferPointer(rebasing: arena[leading]))
                arena[start] = UInt8(shard >> 8)
                arena[start + 1] = UInt8(truncatingIfNeeded: shard)
                start = encoded.keys.ends[index]
            }
        }
    }

    /// The tuple inside a storage key.
    package static func tuple(of key: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: key[min(shardBytes, key.count)...])
    }

    /// A key of the store that begins with `shard` and goes on with `tuple`, which need not be whole.
    static func bytes(shard: UInt16, _ tuple: [UInt8]) -> [UInt8] {
        [UInt8(shard >> 8), UInt8(truncatingIfNeeded: shard)] + tuple
    }
}
