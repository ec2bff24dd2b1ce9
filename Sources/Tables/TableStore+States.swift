package import Catalog
package import Records
internal import RocksDB

/// Some stored values of a table: merged, and not presented.
package struct StoredStates: Sendable {
    /// Tuples.
    package var keys = ByteStrings()
    /// One for each key.
    package var values = ByteStrings()
}

extension TableStore {
    private static let pageBytes = 1 << 20

    /// Hands over every stored value of the version that serves, a page after the other, in the order of storage keys. Tombstones
    /// are among them: whoever merges values elsewhere needs those too.
    package func states(of table: TableEntry, _ body: (StoredStates) throws -> Void) throws {
        guard let (opened, family) = try serving(table) else { return }
        var page = StoredStates()
        func finishPage() throws {
            if page.keys.count > 0 { try body(page) }
            page = StoredStates()
        }
        do {
            let rows = try opened.database.iterator(in: family)
            try rows.seekToFirst()
            while rows.isValid {
                if !rows.value.isEmpty {
                    page.keys.append(StorageKey.tuple(of: rows.key))
                    page.values.append(rows.value)
                }
                if page.keys.arena.count + page.values.arena.count >= Self.pageBytes { try finishPage() }
                try rows.next()
            }
        } catch let error as RocksDBError {
            throw TablesError(storage: error, "reading the states of table \(table.name)")
        }
        try finishPage()
    }
}

extension TableStore {
    /// The stored values of some keys of a version, whether it serves or not, and whoever may see them: states are not presented,
    /// tombstones and expired rows are there. nil where there is none.
    package func storedValues(
        of version: VersionID, keys: [[UInt8]], storageKey: StorageKey
    ) throws(TablesError) -> [[UInt8]?] {
        let opened = try opened()
        guard let family = opened.family(version) else { throw TableStore.noVersion(version) }
        do {
            return try keys.map { tuple in
                let shard = try tuple.withUnsafeBytes { try storageKey.shard(of: $0) }
                return try opened.database.value(forKey: StorageKey.bytes(shard: shard, tuple), in: family)
            }
        } catch {
            throw TablesError(thrown: error, "reading version \(version.version) of table \(version.table)")
        }
    }
}
