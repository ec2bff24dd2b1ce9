internal import Bytes
package import Catalog
internal import RocksDB
package import Tables

/// What a load became.
package struct AdoptedVersion: Hashable, Sendable {
    package enum State: Hashable, Sendable {
        case serving
        /// It has yet to replay its category, and serves when it has caught up.
        case building
        /// Its checks failed: the version that served before serves on.
        case held
    }

    package var version: UInt32
    package var rows: Int64
    package var state: State
    package var checks: [VersionCheck]
    /// Versions that the catalog names no more: beyond as many as are kept.
    package var surplus: Set<UInt32>

    package init(
        version: UInt32, rows: Int64, state: State = .serving, checks: [VersionCheck] = [], surplus: Set<UInt32> = []
    ) {
        self.version = version
        self.rows = rows
        self.state = state
        self.checks = checks
        self.surplus = surplus
    }
}

/// How a load is to be adopted.
package struct Adoption: Sendable {
    package var now: Int64
    /// It serves, whatever its checks find.
    package var isForced: Bool
    /// Versions that the table keeps, the serving one counted.
    package var versionsKept: Int
    /// Where its category goes on; nil where none feeds the table.
    package var replay: Replay?

    package struct Replay: Hashable, Sendable {
        package var cut: Cut
        /// By bucket, the first record that counts.
        package var startOffsets: [Int64]

        package init(cut: Cut, startOffsets: [Int64]) {
            self.cut = cut
            self.startOffsets = startOffsets
        }
    }

    package init(now: Int64, isForced: Bool = false, versionsKept: Int = 3, replay: Replay? = nil) {
        self.now = now
        self.isForced = isForced
        self.versionsKept = versionsKept
        self.replay = replay
    }
}

// The order matters. Until the catalog names the version nobody sees it, and a start drops it; the catalog names it only once
// its rows are on the disk and checked; what it names no more goes when nobody new can find it.

extension LoadIntake {
    /// Makes a new version of its table out of a load that is verified, and names it in the catalog: it serves, or waits for its
    /// category or for a person. To be called by one at a time. Whatever fails before the catalog has it leaves all as it was, and
    /// the load is gone.
    package func adopt(
        _ upload: LoadUpload, into tables: TableStore, catalog: CatalogStore, _ adoption: Adoption
    ) throws -> AdoptedVersion {
        defer { remove(upload) }
        let manifest = upload.manifest
        let table = try upload.table(in: catalog.settled())
        try upload.id.checkIsNew(to: table, upload.terms)
        let number = table.nextVersion
        // Of a load whose write failed.
        try tables.dropVersion(table: table.id, version: number)
        try tables.createVersion(table: table.id, version: number)
        do {
            try tables.ingest(files: upload.files, table: table.id, version: number)
            try Self.check(manifest, table, number, tables)
            var record = LoadRecord(
                manifest: upload.id.manifest, cut: adoption.replay?.cut, isForced: adoption.isForced)
            // One that has a category to catch up with is compared when it has.
            if adoption.replay == nil { record.checks = try VersionChecks.make(of: number, in: table, tables) }
            let version = VersionEntry(
                number: number, createdAt: adoption.now, origin: manifest.origin, loadedRows: manifest.rows,
                backfill: adoption.replay.map { Backfill(startOffsets: $0.startOffsets) }, load: record)
            let adopted = try catalog.update { snapshot in
                var table = try upload.table(in: snapshot)
                let adopted = table.adopt(version, keeping: adoption.versionsKept)
                try snapshot.put(table)
                return adopted
            }
            // What is not dropped now goes at the next start.
            for version in adopted.surplus { try? tables.dropVersion(table: table.id, version: version) }
            return adopted
        } catch {
            // Where nobody knows whether the catalog names the version, it has to stay until that is known.
            if (error as? CatalogError)?.code != .undecided {
                try? tables.dropVersion(table: table.id, version: number)
            }
            if let error = error as? TablesError, error.isFullDisk {
                throw BulkLoadError(.diskFull, error.message, cause: error)
            }
            throw error
        }
    }

    /// Compares every file of a load with its manifest, and closes it. One that is not what its manifest says is gone; one that is
    /// not whole yet stays open.
    package func verify(_ upload: LoadUpload) throws(BulkLoadError) {
        do {
            try upload.verify()
        } catch {
            // `busy`: it belongs to another call, which is not to lose its files.
            if error.code != .wrongOffset, error.code != .busy { remove(upload) }
            throw error
        }
    }

    /// Compares what the new version has with what the manifest says of it.
    private static func check(
        _ manifest: LoadManifest, _ table: TableEntry, _ version: UInt32, _ tables: TableStore
    ) throws {
        let rows = try tables.fileRows(table: table.id, version: version)
        guard rows == manifest.rows else {
            throw BulkLoadError(.corrupt, "the load has \(rows) rows, and \(manifest.rows) in its manifest")
        }
        let keys = try manifest.samples.map { sample throws(BulkLoadError) in
            guard let key = sample.keyBytes else {
                throw BulkLoadError(.wrongManifest, "the manifest has a sample whose key is not hexadecimal")
            }
            return key
        }
        let storageKey = StorageKey(of: table, shardCount: manifest.shards.count)
        guard keys.allSatisfy({ key in key.withUnsafeBytes { (try? storageKey.shard(of: $0)) != nil } }) else {
            throw BulkLoadError(.wrongManifest, "the manifest has a sample whose key is none of the table's")
        }
        let found = try tables.storedValues(
            of: VersionID(table: table.id, version: version), keys: keys, storageKey: storageKey)
        for (index, sample) in manifest.samples.enumerated() {
            guard let value = found[index], Checksum(xxh3(value)) == sample.xxh3 else {
                throw BulkLoadError(
                    .corrupt, "the load's row with key \(sample.key) does not read back as it was built")
            }
        }
    }
}

extension LoadUpload {
    /// The table as it is now; it may have been dropped, or changed, since the load began.
    fileprivate func table(in snapshot: CatalogSnapshot) throws(BulkLoadError) -> TableEntry {
        guard let table = snapshot.table(id: id.table) else {
            throw BulkLoadError(.notFound, "table \(manifest.table.name) was dropped")
        }
        try manifest.check(against: table, shardCount: snapshot.shardCount)
        return table
    }
}

extension TableEntry {
    fileprivate mutating func adopt(_ version: VersionEntry, keeping count: Int) -> AdoptedVersion {
        let state: AdoptedVersion.State = version.isBuilding ? .building : version.isHeld ? .held : .serving
        versions.append(version)
        nextVersion = version.number + 1
        remember(
            AdoptedLoad(
                manifest: version.load?.manifest ?? "", version: version.number, rows: version.loadedRows ?? 0))
        if state == .serving { serve(version.number) }
        // One that is being built is beyond those that are kept, until it serves.
        let surplus = state == .building ? [] : surplusVersions(keeping: count)
        versions.removeAll { surplus.contains($0.number) }
        return AdoptedVersion(
            version: version.number, rows: version.loadedRows ?? 0, state: state, checks: version.load?.checks ?? [],
            surplus: surplus)
    }
}

extension LoadManifest {
    /// For people: a load of a folder may have thousands of files.
    private static let greatestNamedSources = 3

    fileprivate var origin: String {
        let names = sources.prefix(Self.greatestNamedSources).map(\.name).joined(separator: ", ")
        let more = sources.count - Self.greatestNamedSources
        return more > 0 ? "\(names) and \(more) more" : names
    }
}

extension TablesError {
    /// Now, or when the write failed after which the store was not opened again yet.
    fileprivate var isFullDisk: Bool { code == .diskFull || (cause as? RocksDBError)?.code == .noSpace }
}
