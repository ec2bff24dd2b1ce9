internal import Bytes
package import Records
internal import RocksDB

/// One batch of lookups in one table and its working memory, kept from batch to batch by one thread: once warm it allocates
/// nothing.
///
/// The caller fills `keys`, asks the hot-row cache (`TableStore.lookUpHot`), and where that was not all, RocksDB
/// (`TableStore.lookUpStored`); then `rows` has a row for each key.
package final class RowLookup {
    /// Tuples, as they were asked for.
    package var keys = ByteStrings()
    /// The version to read, or nil for the one that serves. One that is gone is an error, `versionGone`.
    package var version: UInt32?
    /// In the order of the keys, once all of them were found.
    package internal(set) var rows = RowMessages()
    /// 0 where nothing was ever loaded.
    package internal(set) var servedVersion: UInt32 = 0

    /// What the keys were last looked up in.
    var target: Target?
    /// Of the keys in `hashedSpace`; at least as many as there are keys.
    private(set) var hashes: [UInt64] = []
    /// 0: they are not known.
    private var hashedSpace: UInt32 = 0
    /// Which keys the cache did not have, ascending.
    var missed: [Int] = []
    /// How many keys `TableStore.lookUpHot` did not find.
    package var missedCount: Int { missed.count }
    let stored = StoredLookup()

    /// A version as the last batch found it. It holds nothing open, so a version may go while somebody keeps this.
    struct Target {
        let epoch: UInt64
        let table: UInt32
        let asked: UInt32
        let isPinned: Bool
        let served: UInt32
        let space: UInt32
        let plan: TablePlan
    }

    package init() {}

    /// For the next batch; keeps capacity.
    package func removeAll() {
        keys.arena.removeAll(keepingCapacity: true)
        keys.ends.removeAll(keepingCapacity: true)
        version = nil
        removeRows()
    }

    func removeRows() {
        rows.removeAll()
        missed.removeAll(keepingCapacity: true)
        servedVersion = 0
        hashedSpace = 0
    }

    /// Forgets what was found.
    func missAll() {
        removeRows()
        for index in 0..<keys.count { missed.append(index) }
    }

    func hash(for space: UInt32, _ hotRows: HotRowCache) {
        if hashedSpace == space { return }
        hashedSpace = space
        let count = keys.count
        while hashes.count < count { hashes.append(0) }
        hashes.withUnsafeMutableBufferPointer { hashes in
            guard let base = hashes.baseAddress else { return }
            keys.arena.withUnsafeBytes { arena in
                keys.ends.withUnsafeBufferPointer { xxh3(ofEach: arena, ends: $0, into: base) }
            }
            for index in 0..<count { hashes[index] = hotRows.hash(hashes[index], space: space) }
        }
    }

    /// Brings the rows that were stored between those that were found before.
    func mergeStored() {
        if missed.count == keys.count { return swap(&rows, &stored.rows) }
        stored.merged.removeAll()
        var place = 0
        for index in 0..<keys.count {
            if place < missed.count, missed[place] == index {
                stored.merged.append(place, of: stored.rows)
                place += 1
            } else {
                stored.merged.append(index, of: rows)
            }
        }
        swap(&rows, &stored.merged)
    }
}

/// The working memory of those keys of a batch that are read from RocksDB.
final class StoredLookup {
    let reader = BatchReader()
    var keys = ByteStrings()
    var values: [UnsafeRawBufferPointer?] = []
    /// How often each key's stripe had been written before the read.
    var notedWrites: [UInt64] = []
    var rows = RowMessages()
    /// Rows of both kinds, on their way to where the caller reads them.
    var merged = RowMessages()
}

extension RowMessages {
    mutating func removeAll() {
        messages.arena.removeAll(keepingCapacity: true)
        messages.ends.removeAll(keepingCapacity: true)
        isPresent.removeAll(keepingCapacity: true)
    }

    mutating func append(_ index: Int, of other: RowMessages) {
        other.messages.arena.withUnsafeBytes { arena in
            messages.append(UnsafeRawBufferPointer(rebasing: arena[other.messages.range(at: index)]))
        }
        isPresent.append(other.isPresent[index])
    }
}
