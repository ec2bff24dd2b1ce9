internal import Bytes
package import Catalog
internal import Records
internal import RocksDB
internal import Synchronization
package import Tables

/// A version that serves.
package struct AdoptedVersion: Hashable, Sendable {
    package var version: UInt32
    package var rows: Int64

    package init(version: UInt32, rows: Int64) {
        self.version = version
        self.rows = rows
    }
}

// The order matters. Until the catalog names the version nobody sees it, and a start drops it; the catalog names it
// only once its rows are on the disk and checked; the former one goes when nobody new can find it.

extension LoadIntake {
    /// Verifies a load whose files are all here, makes a new version of its table out of them and lets it serve in place
    /// of the former ones, which go. Whatever fails before that switch leaves the serving version as it was, and the
    /// load is gone; one that is not whole yet stays.
    package func adopt(
        load: String, into tables: TableStore, catalog: CatalogStore, now: Int64
    ) throws(BulkLoadError) -> AdoptedVersion {
        let upload = try upload(load)
        do {
            // Which reads all of it, and holds nobody up.
            try upload.verify()
            let adopted = try adoption.withLock { _ in try adopt(upload, into: tables, catalog, now: now) }
            remove(load: load)
            return adopted
        } catch let error as BulkLoadError {
            // `busy`: it belongs to another call, which is not to lose its files.
            if error.code != .wrongOffset, error.code != .busy { remove(load: load) }
            throw error
        } catch {
            remove(load: load)
            throw Self.failure(error)
        }
    }

    private func adopt(
        _ upload: LoadUpload, into tables: TableStore, _ catalog: CatalogStore, now: Int64
    ) throws -> AdoptedVersion {
        let manifest = upload.manifest
        var table = try catalog.update { snapshot in
            var table = try Self.table(of: manifest, in: snapshot)
            table.nextVersion += 1
            try snapshot.put(table)
            table.servingVersion = table.nextVersion - 1
            return table
        }
        let number = table.servingVersion
        try tables.createVersion(table: table.id, version: number)
        let former: [UInt32]
        do {
            try tables.ingest(files: upload.files, table: table.id, version: number)
            try check(manifest, table, tables)
            former = try catalog.update { snapshot in
                table = try Self.table(of: manifest, in: snapshot)
                let former = table.versions.map(\.number)
                table.versions = [
                    VersionEntry(
                        number: number, createdAt: now, origin: manifest.sources.map(\.name).joined(separator: ", "),
                        loadedRows: manifest.rows)
                ]
                table.servingVersion = number
                try snapshot.put(table)
                return former
            }
        } catch {
            // Where nobody knows whether the catalog names the version, it has to stay: the next start looks.
            if (error as? CatalogError)?.code != .undecided {
                try? tables.dropVersion(table: table.id, version: number)
            }
            throw error
        }
        // The switch is made; what is not dropped now goes at the next start.
        for version in former { try? tables.dropVersion(table: table.id, version: version) }
        return AdoptedVersion(version: number, rows: manifest.rows)
    }

    /// The table as it is now; it may have been dropped, or changed, since the load began.
    private static func table(of manifest: LoadManifest, in snapshot: CatalogSnapshot) throws -> TableEntry {
        guard let table = snapshot.table(id: manifest.table.id) else {
            throw BulkLoadError(.notFound, "table \(manifest.table.name) was dropped")
        }
        try manifest.check(against: table, shardCount: snapshot.shardCount)
        return table
    }

    /// Compares what lookups find in the new version with what the manifest says of it.
    private func check(_ manifest: LoadManifest, _ table: TableEntry, _ tables: TableStore) throws {
        let rows = try tables.statistics(table: table.id, version: table.servingVersion).estimatedRows
        guard rows == manifest.rows else {
            throw BulkLoadError(.corrupt, "the load has \(rows) rows, and \(manifest.rows) in its manifest")
        }
        let keys = try manifest.samples.map { sample throws(BulkLoadError) in
            guard let key = sample.keyBytes else {
                throw BulkLoadError(.wrongManifest, "the manifest has a sample whose key is not hexadecimal")
            }
            return key
        }
        let found = try tables.storedValues(
            of: VersionID(table: table.id, version: table.servingVersion), keys: keys,
            storageKey: StorageKey(of: table, shardCount: manifest.shards.count))
        for (index, sample) in manifest.samples.enumerated() {
            guard let value = found[index], Checksum(xxh3(value)) == sample.xxh3 else {
                throw BulkLoadError(
                    .corrupt, "the load's row with key \(sample.key) does not read back as it was built")
            }
        }
    }

    private static func failure(_ error: any Error) -> BulkLoadError {
        switch error {
        case let error as TablesError:
            BulkLoadError(error.isFullDisk ? .diskFull : .storage, error.message, cause: error)
        default: BulkLoadError(.storage, "adopting the load failed: \(error)", cause: error)
        }
    }
}

extension TablesError {
    /// Now, or when the write failed after which the store was not opened again yet.
    fileprivate var isFullDisk: Bool { code == .diskFull || (cause as? RocksDBError)?.code == .noSpace }
}
