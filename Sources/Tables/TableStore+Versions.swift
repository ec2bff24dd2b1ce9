package import RocksDB
internal import Synchronization

// A version's family is made before the catalog names the version and dropped after the catalog has forgotten it, so
// that whoever finds the version in a snapshot finds its rows. What a crash leaves in between, the next start clears.

extension TableStore {
    /// Makes an empty version. Recovers the store first where a write failed: no position matters to a version that is
    /// not there yet, and a server without apps has nobody else to do it.
    package func createVersion(table: UInt32, version: UInt32) throws(TablesError) {
        try recover()
        let id = VersionID(table: table, version: version)
        let opened = try writable()
        guard opened.family(id) == nil else {
            throw TablesError(.alreadyExists, "version \(version) of table \(table) is there already")
        }
        do {
            let options = memory.familyOptions(mergeOperator)
            opened.add(try opened.database.createFamily(StoreRecords.familyName(id), options: options), id)
            beginEpoch()
        } catch {
            throw TablesError(storage: error, "making version \(version) of table \(table)")
        }
    }

    /// Drops a version with its rows and positions; nothing where there is none. Requests in flight go on reading it; once the
    /// last of them is done RocksDB deletes its files, in the background.
    package func dropVersion(table: UInt32, version: UInt32) throws(TablesError) {
        try recover()
        let id = VersionID(table: table, version: version)
        let opened = try writable()
        guard let family = opened.remove(id) else { return }
        beginEpoch()
        publishedPositions.remove(.table(id))
        var batch = WriteBatch()
        batch.delete(StoreRecords.markKey(id), in: opened.records)
        let prefix = StoreRecords.positionPrefix(.table(id))
        batch.deleteRange(from: prefix, to: prefix + [UInt8](repeating: 0xff, count: 9), in: opened.positions)
        try write(batch, to: opened, sync: false, doing: "dropping version \(version) of table \(table)")
        do {
            try opened.database.dropFamily(family)
        } catch {
            throw TablesError(storage: error, "dropping version \(version) of table \(table)")
        }
    }

    /// Takes over the files of a load, which must not overlap, into a version that has no rows, once: ingesting again
    /// would erase merges. Afterwards all of it is on the disk, and the catalog may name the version.
    package func ingest(files: [String], table: UInt32, version: UInt32) throws(TablesError) {
        let id = VersionID(table: table, version: version)
        let opened = try writable()
        let doing = "ingesting version \(version) of table \(table)"
        guard let family = opened.family(id) else { throw TableStore.noVersion(id) }
        do {
            let isMarked = try opened.database.value(forKey: StoreRecords.markKey(id), in: opened.records) != nil
            let rows = try opened.database.iterator(in: family)
            try rows.seekToFirst()
            guard !isMarked, !rows.isValid else {
                throw TablesError(.alreadyExists, "version \(version) of table \(table) has rows already")
            }
            if !files.isEmpty { try opened.database.ingest(files, into: family, movingFiles: true) }
            // Whoever looked rows up before found them absent, and that is kept.
            opened.renewSpace(of: id)
            beginEpoch()
        } catch {
            throw TablesError(thrown: error, doing)
        }
        var batch = WriteBatch()
        batch.put(StoreRecords.markKey(id), [], in: opened.records)
        try write(batch, to: opened, sync: true, doing: doing)
    }

    /// How the files that `ingest` takes are to be written, by whoever makes them: blocks, filters and compression are
    /// those of a version's own files.
    package static var loadFileOptions: FamilyOptions { FamilyOptions() }

    /// RocksDB's estimates; a key with merges that are not compacted yet counts once for each of them.
    package func statistics(table: UInt32, version: UInt32) throws(TablesError) -> TableStatistics {
        let opened = try opened()
        guard let family = opened.family(VersionID(table: table, version: version)) else {
            throw TableStore.noVersion(VersionID(table: table, version: version))
        }
        func number(_ name: String) throws(TablesError) -> Int {
            do {
                return Int(clamping: try opened.database.integerProperty(name, in: family) ?? 0)
            } catch {
                throw TablesError(storage: error, "asking for \(name)")
            }
        }
        return TableStatistics(
            estimatedRows: try number("rocksdb.estimate-num-keys"),
            bytes: try number("rocksdb.estimate-live-data-size") + number("rocksdb.cur-size-all-mem-tables"))
    }

    /// How many rows the files of a version have: all of a version that was just ingested. RocksDB's estimate looks into twenty
    /// files and reckons the others like them.
    package func fileRows(table: UInt32, version: UInt32) throws(TablesError) -> Int64 {
        let id = VersionID(table: table, version: version)
        guard let family = try opened().family(id) else { throw TableStore.noVersion(id) }
        let text: String?
        do {
            text = try opened().database.property("rocksdb.aggregated-table-properties", in: family)
        } catch let error as TablesError {
            throw error
        } catch {
            throw TablesError(thrown: error, "counting the rows of version \(version) of table \(table)")
        }
        let label = "# entries="
        guard let field = text?.split(separator: ";").first(where: { $0.contains(label) }),
            let digits = field.split(separator: "=").last, let count = Int64(digits)
        else { return 0 }
        return count
    }

    static func noVersion(_ id: VersionID) -> TablesError {
        TablesError(.notFound, "there is no version \(id.version) of table \(id.table)")
    }
}

/// What a version holds, roughly.
package struct TableStatistics: Hashable, Sendable {
    package var estimatedRows: Int
    /// In files and memtables.
    package var bytes: Int
}
