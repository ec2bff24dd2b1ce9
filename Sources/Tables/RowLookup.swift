internal import Bytes
package import Records
internal import RocksDB

/// One batch of lookups in one table and its working memory, kept from batch to batch by one thread: once warm it allocates
/// nothing.
///
/// The caller fills `keys`, asks the hot-row cache (`TableStore.lookUpHot`), and where that was not all, RocksDB
/// (`TableStore.lookUpStored`); then `rows` has a row for each key.
package final class RowLookup {
    // `@exclusivity(unchecked)`: nothing that is done with one of these leads back to it, and the checks of that while the program
    // runs were a fifth of a lookup's instructions.

    /// Tuples, as they were asked for.
    @exclusivity(unchecked) package var keys = ByteStrings()
    /// The version to read, or nil for the one that serves. One that is gone is an error, `versionGone`.
    @exclusivity(unchecked) package var version: UInt32?
    /// In the order of the keys, once all of them were found.
    @exclusivity(unchecked) package internal(set) var rows = RowMessages()
    /// 0 where nothing was ever loaded.
    @exclusivity(unchecked) package internal(set) var servedVersion: UInt32 = 0

    /// What the keys were last looked up in.
    @exclusivity(unchecked) var target: Target?
    /// Of the keys in `hashedSpace`; at least as many as there are keys.
    @exclusivity(unchecked) private(set) var hashes: [UInt64] = []
    /// 0: they are not known.
    @exclusivity(unchecked) private var hashedSpace: UInt32 = 0
    /// Which keys the cache did not have, ascending.
    @exclusivity(unchecked) var missed: [Int] = []
    /// How many of some keys `TableStore.lookUpHot` did not find.
    package func missedCount(in keys: Range<Int>) -> Int {
        func place(of key: Int) -> Int {
            var (low, high) = (0, missed.count)
            while low < high {
                let middle = (low + high) / 2
                if missed[middle] < key { low = middle + 1 } else { high = middle }
            }
            return low
        }
        return place(of: keys.upperBound) - place(of: keys.lowerBound)
    }
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

    /// Brings the rows that were stored between those that were found before. These lie one after the other, so that all between
    /// two that were missed are copied at once.
    func mergeStored() {
        if missed.count == keys.count { return swap(&rows, &stored.rows) }
        var merged: [UInt8] = []
        swap(&merged, &stored.merged)
        merged.removeAll(keepingCapacity: true)
        var ends: [Int] = []
        swap(&ends, &rows.messages.ends)
        let (missed, others) = (missed, stored.rows)
        rows.messages.arena.withUnsafeBytes { found in
            others.messages.arena.withUnsafeBytes { added in
                ends.withUnsafeMutableBufferPointer { ends in
                    var copied = 0
                    for (place, index) in missed.enumerated() {
                        let next = place + 1 < missed.count ? missed[place + 1] : ends.count
                        // A missed row is empty so far: it ends where the one before it does.
                        merged.append(contentsOf: UnsafeRawBufferPointer(rebasing: found[copied..<ends[index]]))
                        copied = ends[index]
                        let range = others.messages.range(at: place)
                        merged.append(contentsOf: UnsafeRawBufferPointer(rebasing: added[range]))
                        for later in index..<next { ends[later] += range.upperBound }
                    }
                    merged.append(contentsOf: UnsafeRawBufferPointer(rebasing: found[copied...]))
                }
            }
        }
        for (place, index) in missed.enumerated() { rows.isPresent[index] = others.isPresent[place] }
        swap(&ends, &rows.messages.ends)
        swap(&rows.messages.arena, &merged)
        swap(&stored.merged, &merged)
    }
}

/// The working memory of those keys of a batch that are read from RocksDB.
final class StoredLookup {
    let reader = BatchReader()
    @exclusivity(unchecked) var keys = ByteStrings()
    @exclusivity(unchecked) var values: [UnsafeRawBufferPointer?] = []
    /// How often each key's stripe had been written before the read.
    @exclusivity(unchecked) var notedWrites: [UInt64] = []
    @exclusivity(unchecked) var rows = RowMessages()
    /// Messages of rows of both kinds, on their way to where the caller reads them.
    @exclusivity(unchecked) var merged: [UInt8] = []
}

extension RowMessages {
    mutating func removeAll() {
        messages.arena.removeAll(keepingCapacity: true)
        messages.ends.removeAll(keepingCapacity: true)
        isPresent.removeAll(keepingCapacity: true)
    }
}
