internal import Bytes
internal import Catalog
internal import RocksDB
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#endif

/// The database while it is open, and its families by what they hold.
final class OpenStore: Sendable {
    let database: Database
    let records: Family
    let positions: Family
    let panes: Family
    private let hotRows: HotRowCache?
    private let versions: Mutex<[VersionID: OpenVersion]>

    private init(database: Database, records: Family, positions: Family, panes: Family, hotRows: HotRowCache?) {
        self.database = database
        self.hotRows = hotRows
        self.records = records
        self.positions = positions
        self.panes = panes
        versions = Mutex([:])
    }

    /// nil where there is no such version. The family stays readable for whoever holds it, dropped or not.
    func version(_ id: VersionID) -> OpenVersion? {
        versions.withLock { $0[id] }
    }

    func family(_ id: VersionID) -> Family? {
        version(id)?.family
    }

    func add(_ family: Family, _ id: VersionID) {
        let version = OpenVersion(family, space: hotRows?.newSpace() ?? 0)
        versions.withLock { $0[id] = version }
    }

    /// Nothing that is kept of the version's rows is found afterwards.
    func renewSpace(of id: VersionID) {
        version(id)?.space.store(hotRows?.newSpace() ?? 0, ordering: .releasing)
    }

    /// Holds versions back from being dropped while `body` writes to them, in the order of `ids`.
    func withVersions(_ ids: [VersionID], _ body: ([OpenVersion]) throws(TablesError) -> Void) throws(TablesError) {
        let held = try versions.withLock { versions throws(TablesError) in
            var held: [OpenVersion] = []
            for id in ids {
                guard let version = versions[id] else { throw TableStore.noVersion(id) }
                held.append(version)
            }
            for version in held { version.commits.add(1, ordering: .acquiring) }
            return held
        }
        defer { for version in held { version.commits.subtract(1, ordering: .releasing) } }
        try body(held)
    }

    /// Forgets a version, once the commits that write to it are done; nil where there is none.
    func remove(_ id: VersionID) -> Family? {
        guard let version = versions.withLock({ $0.removeValue(forKey: id) }) else { return nil }
        while version.commits.load(ordering: .acquiring) > 0 { usleep(500) }
        return version.family
    }

    var versionIDs: Set<VersionID> { versions.withLock { Set($0.keys) } }

    /// Opens the store and makes it agree with the catalog; gives the positions of what is left. The versions of
    /// `kept` stay as they are, named or not.
    static func open(
        at directory: String, catalog: CatalogSnapshot, keeping kept: Set<VersionID>, memory: TableMemory,
        hotRows: HotRowCache?, mergeOperator: StateMergeOperator
    ) throws(TablesError) -> (OpenStore, [StoredPosition]) {
        let database: Database
        do {
            database = try Database.open(
                at: directory, options: memory.databaseOptions,
                familyOptions: { name in
                    if name == PaneRecords.family { return memory.paneOptions }
                    return StoreRecords.versionID(ofFamily: name) == nil
                        ? memory.recordOptions : memory.familyOptions(mergeOperator)
                })
        } catch {
            throw TablesError(storage: error, "opening the table store in \(directory)")
        }
        do throws(TablesError) {
            let store = try open(database, memory, hotRows)
            let marks = try store.marks()
            let made = try store.adopt(catalog, kept, marks: marks, options: memory.familyOptions(mergeOperator))
            try store.sweepPanes(catalog)
            return (store, try store.sweepRecords(catalog, marks: marks, made: made))
        } catch {
            try? database.close()
            throw error
        }
    }

    private static func open(
        _ database: Database, _ memory: TableMemory, _ hotRows: HotRowCache?
    ) throws(TablesError) -> OpenStore {
        do throws(RocksDBError) {
            guard let records = database.family(named: StoreRecords.defaultFamily) else {
                throw RocksDBError(.corruption, "there is no default family")
            }
            func family(_ name: String, _ options: FamilyOptions) throws(RocksDBError) -> Family {
                if let known = database.family(named: name) { return known }
                return try database.createFamily(name, options: options)
            }
            var format = 0
            if let stored = try database.value(forKey: StoreRecords.formatKey, in: records) {
                guard let number = Int(String(decoding: stored, as: UTF8.self)) else {
                    throw RocksDBError(.corruption, "the format version is no number")
                }
                format = number
            }
            if format <= StoreRecords.formatVersion {
                let store = OpenStore(
                    database: database, records: records,
                    positions: try family(StoreRecords.positionsFamily, memory.recordOptions),
                    panes: try family(PaneRecords.family, memory.paneOptions), hotRows: hotRows)
                if format < StoreRecords.formatVersion { try store.writeFormat() }
                return store
            }
        } catch {
            throw TablesError(storage: error, "opening the table store")
        }
        throw TablesError(.newerFormat, "the table store was written by a newer Maser")
    }

    private func writeFormat() throws(RocksDBError) {
        var batch = WriteBatch()
        batch.put(StoreRecords.formatKey, Array(String(StoreRecords.formatVersion).utf8), in: records)
        try database.write(batch, sync: true)
    }

    /// Drops families that the catalog does not name, or that a load left half made; makes those that live versions
    /// lack, and says which.
    private func adopt(
        _ catalog: CatalogSnapshot, _ kept: Set<VersionID>, marks: Set<VersionID>, options: FamilyOptions
    ) throws(TablesError) -> Set<VersionID> {
        var made: Set<VersionID> = []
        var named: [VersionID: VersionEntry] = [:]
        for table in catalog.tables.values {
            for version in table.versions { named[VersionID(table: table.id, version: version.number)] = version }
        }
        do throws(RocksDBError) {
            for family in database.families {
                guard let id = StoreRecords.versionID(ofFamily: family.name) else { continue }
                let isWhole = named[id].map { $0.loadedRows == nil || marks.contains(id) } ?? false
                if isWhole || kept.contains(id) {
                    add(family, id)
                } else {
                    try database.dropFamily(family)
                }
            }
            for (id, version) in named where version.loadedRows == nil && self.family(id) == nil {
                add(try database.createFamily(StoreRecords.familyName(id), options: options), id)
                made.insert(id)
            }
            return made
        } catch {
            throw TablesError(storage: error, "bringing the table store in line with the catalog")
        }
    }

    private func marks() throws(TablesError) -> Set<VersionID> {
        var marks: Set<VersionID> = []
        try forEachRow(of: records) { key, _ in
            if let id = StoreRecords.versionID(ofMark: key) { marks.insert(id) }
        }
        return marks
    }

    /// Deletes marks and positions of versions that are gone, for their numbers may come again, and of those that were
    /// just made and hold nothing; gives the positions that are left.
    private func sweepRecords(
        _ catalog: CatalogSnapshot, marks: Set<VersionID>, made: Set<VersionID>
    ) throws(TablesError) -> [StoredPosition] {
        var kept: [StoredPosition] = []
        var batch = WriteBatch()
        for id in marks where family(id) == nil { batch.delete(StoreRecords.markKey(id), in: records) }
        try forEachRow(of: positions) { key, value throws(TablesError) in
            let position = try StoreRecords.position(key, value)
            let isKept =
                switch position.sink {
                case .table(let id): family(id) != nil && !made.contains(id)
                case .category(let id): catalog.category(id: id)?.output != nil
                }
            if isKept { kept.append(position) } else { batch.delete(key, in: positions) }
        }
        do {
            if batch.count > 0 { try database.write(batch, sync: true) }
        } catch {
            throw TablesError(storage: error, "clearing positions of dropped versions")
        }
        return kept
    }

    /// Deletes what waits to be emitted of tables that no output has any more, stepping over what the others have.
    private func sweepPanes(_ catalog: CatalogSnapshot) throws(TablesError) {
        var emitted: Set<UInt32> = []
        for category in catalog.categories.values {
            if case .panes(let query) = category.output { emitted.insert(query.tableID) }
        }
        var batch = WriteBatch()
        do throws(RocksDBError) {
            let rows = try database.iterator(in: panes)
            try rows.seekToFirst()
            while rows.isValid, let table = PaneRecords.table(of: rows.key), let end = PaneRecords.end(ofTable: table) {
                if !emitted.contains(table) {
                    batch.deleteRange(from: PaneRecords.emissionKey(table), to: end, in: panes)
                }
                try rows.seek(to: end)
            }
            if batch.count > 0 { try database.write(batch, sync: true) }
        } catch {
            throw TablesError(storage: error, "clearing panes of outputs that are gone")
        }
    }

    private func forEachRow(
        of family: Family, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(TablesError) -> Void
    ) throws(TablesError) {
        do {
            let rows = try database.iterator(in: family)
            try rows.seekToFirst()
            while rows.isValid {
                try body(rows.key, rows.value)
                try rows.next()
            }
        } catch {
            throw TablesError(thrown: error, "reading the table store's records")
        }
    }
}
