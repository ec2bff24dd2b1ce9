internal import Bytes
package import Catalog
internal import Records
internal import RocksDB
internal import Synchronization

extension TableStore {
    /// Answers what `lookUpHot` did not find, after it, from RocksDB, and keeps it in the cache. May wait for the disk.
    package func lookUpStored(_ lookup: RowLookup, in table: TableEntry) throws(TablesError) {
        let read = try version(lookup.version, of: table)
        if lookup.servedVersion != read?.number ?? 0 {
            // Versions were switched and the other one dropped in between: all rows have to be of one.
            lookup.missAll()
            lookup.servedVersion = read?.number ?? 0
        }
        let plan = plan(of: read.map { table.served(by: $0.number) } ?? table)
        let stored = lookup.stored
        stored.rows.removeAll()
        try plan.storageKeys(of: lookup.keys, at: lookup.missed, into: &stored.keys)
        guard let read else {
            for _ in lookup.missed { stored.rows.appendAbsent() }
            return lookup.mergeStored()
        }
        let filling = hotRows.map { Filling($0, lookup, read.version) }
        do {
            try self.read(stored, read) { values throws(TablesError) in
                try plan.presenter.present(values, into: &stored.rows) { index throws(TablesError) in
                    try lookup.keys.arena.withBytes { arena throws(TablesError) in
                        let range = lookup.keys.range(at: lookup.missed[index])
                        return try plan.paneStart(of: UnsafeRawBufferPointer(rebasing: arena[range]))
                    }
                }
            }
        } catch {
            throw TablesError(thrown: error, "reading table \(table.name)")
        }
        filling?.fill(from: lookup, revision: plan.entry.schemaRevision)
        lookup.mergeStored()
    }

    private func read(
        _ stored: StoredLookup, _ read: ReadVersion,
        _ body: ([UnsafeRawBufferPointer?]) throws(TablesError) -> Void
    ) throws {
        let count = stored.keys.count
        try stored.keys.arena.withUnsafeBytes { arena in
            try stored.keys.ends.withUnsafeBufferPointer { ends in
                try read.opened.database.withValues(
                    forKeys: arena, ends: ends, in: read.family, reader: stored.reader
                ) { values in
                    read.version.misses.add(keys: count, fileBytes: values.fileBytes)
                    defer { stored.values.removeAll(keepingCapacity: true) }
                    var bytes = 0
                    for index in 0..<count {
                        let value = values[index]
                        bytes += value?.count ?? 0
                        stored.values.append(value)
                    }
                    guard bytes <= GetLimits.bytes else { throw GetLimits.exceeded }
                    try body(stored.values)
                }
            }
        }
    }
}

/// Putting rows into the cache that are about to be read.
private struct Filling {
    let hotRows: HotRowCache
    let space: UInt32

    /// To be made before anything is read.
    init(_ hotRows: HotRowCache, _ lookup: RowLookup, _ version: OpenVersion) {
        self.hotRows = hotRows
        space = version.space.load(ordering: .acquiring)
        if !version.isLookedUp.load(ordering: .relaxed) { version.isLookedUp.store(true, ordering: .relaxed) }
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        lookup.stored.notedWrites.removeAll(keepingCapacity: true)
        lookup.hash(for: space, hotRows)
        var noted: [UInt64] = []
        swap(&noted, &lookup.stored.notedWrites)
        lookup.hashes.withUnsafeBufferPointer { hashes in
            for index in lookup.missed { noted.append(hotRows.noteWrites(hashes[index])) }
        }
        swap(&noted, &lookup.stored.notedWrites)
    }

    func fill(from lookup: RowLookup, revision: UInt32) {
        let (keys, missed, stored) = (lookup.keys, lookup.missed, lookup.stored)
        let (rows, noted) = (stored.rows, stored.notedWrites)
        lookup.hashes.withUnsafeBufferPointer { hashes in
            keys.arena.withUnsafeBytes { arena in
                rows.messages.arena.withUnsafeBytes { messages in
                    for (place, index) in missed.enumerated() {
                        let key = HotKey(
                            hash: hashes[index], space: space,
                            bytes: UnsafeRawBufferPointer(rebasing: arena[keys.range(at: index)]))
                        hotRows.fill(
                            key, revision: revision,
                            message: rows.isPresent[place]
                                ? UnsafeRawBufferPointer(rebasing: messages[rows.messages.range(at: place)]) : nil,
                            noted: noted[place])
                    }
                }
            }
        }
    }
}
