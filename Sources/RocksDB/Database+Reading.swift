internal import CRocksDB

// Values are lent where RocksDB holds them, in a block of the cache or a memtable: nothing is copied, and nothing may be
// kept beyond the body.

extension Database {
    /// `body` gets nil where the key is absent.
    package func withValue<R>(
        forKey key: UnsafeRawBufferPointer, in family: Family, snapshot: Snapshot? = nil,
        _ body: (UnsafeRawBufferPointer?) throws -> R
    ) throws -> R {
        let database = try core.enter()
        defer { core.leave() }
        var value: OpaquePointer?
        var bytes = maser_rocks_slice.none
        let status = maser_rocks_get(
            database, family.pointer, maser_rocks_slice(key), snapshot?.pointer, &value, &bytes)
        if status.code != MASER_ROCKS_OK { try status.check() }
        defer { maser_rocks_value_destroy(value) }
        return try body(bytes.value)
    }

    /// A copy of the value; nil where the key is absent.
    package func value(
        forKey key: [UInt8], in family: Family, snapshot: Snapshot? = nil
    ) throws(RocksDBError) -> [UInt8]? {
        do {
            return try key.withUnsafeBytes { key in
                try withValue(forKey: key, in: family, snapshot: snapshot) { $0.map { [UInt8]($0) } }
            }
        } catch let error as RocksDBError {
            throw error
        } catch {
            throw RocksDBError(.other, "\(error)")
        }
    }

    /// Reads many keys at once, which costs less than one by one. They stand one after the other in `arena`, each ending
    /// where `ends` says, in any order; the same key may stand twice. The reader must not be in use.
    package func withValues<R>(
        forKeys arena: UnsafeRawBufferPointer, ends: UnsafeBufferPointer<Int>, in family: Family,
        snapshot: Snapshot? = nil, reader: BatchReader = BatchReader(), _ body: (borrowing PinnedValues) throws -> R
    ) throws -> R {
        precondition(ends.last ?? 0 <= arena.count, "the keys leave their arena")
        let database = try core.enter()
        defer { core.leave() }
        var slices: UnsafePointer<maser_rocks_slice>?
        var fileBytes: UInt64 = 0
        let status = maser_rocks_multi_get(
            reader.pointer, database, family.pointer, arena.baseAddress, ends.baseAddress, ends.count,
            snapshot?.pointer, &slices, &fileBytes)
        if status.code != MASER_ROCKS_OK { try status.check() }
        return try body(
            PinnedValues(
                reader, UnsafeBufferPointer(start: slices, count: ends.count), fileBytes: Int(clamping: fileBytes)))
    }

    package func iterator(
        in family: Family, lowerBound: [UInt8]? = nil, upperBound: [UInt8]? = nil, snapshot: Snapshot? = nil,
        fillsCache: Bool = true
    ) throws(RocksDBError) -> RowIterator {
        try RowIterator(
            in: family, lowerBound: lowerBound, upperBound: upperBound, snapshot: snapshot, fillsCache: fillsCache)
    }

    package func snapshot() throws(RocksDBError) -> Snapshot {
        try Snapshot(core: core)
    }
}
