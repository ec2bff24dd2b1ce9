package import Catalog
internal import RocksDB

/// A version as one request reads it: it stays readable as long as somebody holds this, dropped or not.
struct ReadVersion {
    let opened: OpenStore
    let version: OpenVersion
    let number: UInt32

    var family: Family { version.family }
}

extension TableStore {
    /// The version that a request is pinned to, or the one that serves; nil where nothing was ever loaded.
    ///
    /// A request holds a snapshot of the catalog, and the version that served in it may have been replaced and dropped since: then
    /// it goes on with the new one, which may have been replaced in turn before it is found. A pin never moves.
    func version(_ pin: UInt32?, of table: TableEntry) throws(TablesError) -> ReadVersion? {
        let opened = try opened()
        func find(_ number: UInt32) -> ReadVersion? {
            opened.version(VersionID(table: table.id, version: number)).map {
                ReadVersion(opened: opened, version: $0, number: number)
            }
        }
        if let pin {
            guard let found = find(pin) else { throw TablesError.versionGone(pin, of: table) }
            return found
        }
        var sought = table.servingVersion
        if let found = find(sought) { return found }
        while true {
            guard let newest = catalog.snapshot.table(id: table.id) else {
                throw TablesError(.notFound, "table \(table.name) was dropped")
            }
            if newest.versions.isEmpty { return nil }
            if let found = find(newest.servingVersion) { return found }
            guard newest.servingVersion != sought else {
                throw TableStore.noVersion(VersionID(table: newest.id, version: sought))
            }
            sought = newest.servingVersion
        }
    }

    func serving(_ table: TableEntry) throws(TablesError) -> (OpenStore, Family)? {
        try version(nil, of: table).map { ($0.opened, $0.family) }
    }
}

extension TablesError {
    package static func versionGone(_ number: UInt32, of table: TableEntry) -> TablesError {
        let others = table.versions.map(\.number).filter { $0 != number }.sorted().map {
            $0 == table.servingVersion ? "\($0) (serving)" : "\($0)"
        }
        let those =
            others.isEmpty ? "" : "; there \(others.count == 1 ? "is" : "are") \(others.joined(separator: ", "))"
        return TablesError(.versionGone, "there is no version \(number) of table \(table.name)\(those)")
    }
}

extension TableEntry {
    /// The table as it would be if this version served: what a version presents depends on when it was made.
    func served(by version: UInt32) -> TableEntry {
        if version == servingVersion { return self }
        var table = self
        table.servingVersion = version
        return table
    }
}
