package import Records

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

    package init() {}

    /// For the next batch; keeps capacity.
    package func removeAll() {
        keys.arena.removeAll(keepingCapacity: true)
        keys.ends.removeAll(keepingCapacity: true)
        version = nil
        rows.removeAll()
        servedVersion = 0
    }
}

extension RowMessages {
    mutating func removeAll() {
        messages.arena.removeAll(keepingCapacity: true)
        messages.ends.removeAll(keepingCapacity: true)
        isPresent.removeAll(keepingCapacity: true)
    }
}
