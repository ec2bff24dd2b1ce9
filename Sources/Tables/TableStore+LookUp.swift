package import Catalog

extension TableStore {
    /// Answers a batch from the hot-row cache; true where that was all of it. Never waits.
    package func lookUpHot(_ lookup: RowLookup, in table: TableEntry) throws(TablesError) -> Bool {
        lookup.rows.removeAll()
        return false
    }

    /// Answers what `lookUpHot` did not find, after it, from RocksDB.
    package func lookUpStored(_ lookup: RowLookup, in table: TableEntry) throws(TablesError) {
        var read = table
        if let version = lookup.version {
            guard try opened().family(VersionID(table: table.id, version: version)) != nil else {
                throw TablesError(.versionGone, "version \(version) of table \(table.name) is gone; begin anew")
            }
            read.servingVersion = version
        }
        lookup.rows = try get(read, keys: lookup.keys)
        lookup.servedVersion = read.servingVersion
    }

    /// Whether the table's recent reads had to wait for the disk: then they belong on threads that may wait.
    package func readsMissMemory(of table: TableEntry) -> Bool { false }
}
