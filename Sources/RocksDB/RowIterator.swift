internal import CRocksDB

/// Walks the rows of one family in key order, as they stood when it was made, between bounds.
///
/// A move that meets an error throws, so an iterator that is not valid has come to an end. It holds closing back while it
/// lives, and belongs to one thread at a time.
package final class RowIterator {
    private let pointer: OpaquePointer
    private let family: Family
    private let snapshot: Snapshot?
    private var entry = maser_rocks_entry(is_valid: false, key: .none, value: .none)

    /// Between `lowerBound`, inclusive, and `upperBound`, exclusive; it stands on no row until it seeks. A scan of much
    /// that will not be read again should not fill the cache.
    package init(
        in family: Family, lowerBound: [UInt8]? = nil, upperBound: [UInt8]? = nil, snapshot: Snapshot? = nil,
        fillsCache: Bool = true
    ) throws(RocksDBError) {
        let database = try family.core.enter()
        self.family = family
        self.snapshot = snapshot
        pointer = (lowerBound ?? []).withUnsafeBytes { lower in
            (upperBound ?? []).withUnsafeBytes { upper in
                maser_rocks_iterator_create(
                    database, family.pointer,
                    maser_rocks_bound(bytes: maser_rocks_slice(lower), is_set: lowerBound != nil),
                    maser_rocks_bound(bytes: maser_rocks_slice(upper), is_set: upperBound != nil), snapshot?.pointer,
                    fillsCache)
            }
        }
    }

    deinit {
        maser_rocks_iterator_destroy(pointer)
        family.core.leave()
    }

    package var isValid: Bool { entry.is_valid }

    /// Until the next move. The iterator must be valid.
    package var key: UnsafeRawBufferPointer {
        precondition(entry.is_valid, "the iterator stands on no row")
        return entry.key.bytes
    }

    /// Until the next move. The iterator must be valid.
    package var value: UnsafeRawBufferPointer {
        precondition(entry.is_valid, "the iterator stands on no row")
        return entry.value.bytes
    }

    package func seekToFirst() throws(RocksDBError) {
        try move(to: maser_rocks_iterator_seek_to_first(pointer))
    }

    package func seekToLast() throws(RocksDBError) {
        try move(to: maser_rocks_iterator_seek_to_last(pointer))
    }

    /// To the first row at or after `key`.
    package func seek(to key: UnsafeRawBufferPointer) throws(RocksDBError) {
        try move(to: maser_rocks_iterator_seek(pointer, maser_rocks_slice(key)))
    }

    package func seek(to key: [UInt8]) throws(RocksDBError) {
        try move(to: key.withUnsafeBytes { maser_rocks_iterator_seek(pointer, maser_rocks_slice($0)) })
    }

    /// To the last row at or before `key`.
    package func seekForPrevious(to key: UnsafeRawBufferPointer) throws(RocksDBError) {
        try move(to: maser_rocks_iterator_seek_for_previous(pointer, maser_rocks_slice(key)))
    }

    package func seekForPrevious(to key: [UInt8]) throws(RocksDBError) {
        try move(to: key.withUnsafeBytes { maser_rocks_iterator_seek_for_previous(pointer, maser_rocks_slice($0)) })
    }

    package func next() throws(RocksDBError) {
        precondition(entry.is_valid, "the iterator stands on no row")
        try move(to: maser_rocks_iterator_next(pointer))
    }

    package func previous() throws(RocksDBError) {
        precondition(entry.is_valid, "the iterator stands on no row")
        try move(to: maser_rocks_iterator_previous(pointer))
    }

    @inline(__always)
    private func move(to entry: maser_rocks_entry) throws(RocksDBError) {
        self.entry = entry
        if !entry.is_valid { try maser_rocks_iterator_status(pointer).check() }
    }
}
