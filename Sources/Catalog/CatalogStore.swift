internal import Atomics
package import RocksDB
internal import Synchronization

/// The catalog of a data folder: the source of truth about categories, tables and apps.
///
/// Readers take the published snapshot with one atomic load and never wait. Changes are made one after the other; each
/// is on the disk, synced, before anybody can see it.
package final class CatalogStore: Sendable {
    private let directory: String
    private let published: ManagedAtomic<Published>
    private let writer: Mutex<Writer>

    private final class Published: AtomicReference, Sendable {
        let snapshot: CatalogSnapshot

        init(_ snapshot: CatalogSnapshot) {
            self.snapshot = snapshot
        }
    }

    private struct Opened {
        let database: Database
        let family: Family

        func close() {
            // Nothing is lost by it: what an update wrote was synced, or it failed.
            try? database.close()
        }
    }

    private struct Writer {
        /// nil after a failed write or a close: what then stands on the disk is known only after reopening.
        var opened: Opened?
        var isClosed = false
        var injectedFailure: RocksDBError?
    }

    /// Opens the catalog in a folder of its own, or makes it. `shardCount` counts for a new catalog only: an existing
    /// one keeps what it was made with.
    package init(directory: String, shardCount: Int = 64) throws(CatalogError) {
        guard shardCount >= 1, shardCount <= 1 << 15, shardCount & (shardCount - 1) == 0 else {
            throw CatalogError(.invalidArgument, "a shard count is a power of two up to 32768, not \(shardCount)")
        }
        let (opened, snapshot) = try CatalogStore.open(directory, shardCount: shardCount)
        self.directory = directory
        published = ManagedAtomic(Published(snapshot))
        writer = Mutex(Writer(opened: opened))
    }

    package var snapshot: CatalogSnapshot {
        published.load(ordering: .acquiring).snapshot
    }

    /// Changes the catalog: `body` gets the newest snapshot, and what it made of it is written in one synced batch and
    /// then published. Nothing is, where the body or the write fails.
    @discardableResult
    package func update<R: Sendable>(_ body: (inout CatalogSnapshot) throws -> R) throws -> R {
        try writer.withLock { writer in
            let opened = try opened(&writer)
            let before = snapshot
            var after = before
            let result = try body(&after)
            var batch = WriteBatch()
            try CatalogFormat.write(changesFrom: before, to: after, into: &batch, opened.family)
            if batch.count == 0 { return result }
            do throws(RocksDBError) {
                if let failure = writer.injectedFailure.take() { throw failure }
                try opened.database.write(batch, sync: true)
            } catch {
                opened.close()
                writer.opened = nil
                throw CatalogError(storage: error, "writing the catalog")
            }
            published.store(Published(after), ordering: .releasing)
            return result
        }
    }

    /// Further updates fail; the last snapshot stays readable.
    package func close() {
        writer.withLock { writer in
            writer.opened?.close()
            writer.opened = nil
            writer.isClosed = true
        }
    }

    /// Makes the next write fail, for tests of what a full disk does.
    package func failNextWrite(with error: RocksDBError) {
        writer.withLock { $0.injectedFailure = error }
    }

    private func opened(_ writer: inout Writer) throws(CatalogError) -> Opened {
        if let opened = writer.opened { return opened }
        guard !writer.isClosed else { throw CatalogError(.unavailable, "the catalog is closed") }
        // The write that failed may yet be on the disk, whole: then it happened.
        let (opened, stored) = try CatalogStore.open(directory, shardCount: snapshot.shardCount)
        writer.opened = opened
        published.store(Published(stored), ordering: .releasing)
        return opened
    }

    private static func open(_ directory: String, shardCount: Int) throws(CatalogError) -> (Opened, CatalogSnapshot) {
        let database: Database
        do {
            database = try Database.open(
                at: directory, options: CatalogFormat.databaseOptions,
                familyOptions: { _ in CatalogFormat.familyOptions })
        } catch {
            throw CatalogError(storage: error, "opening the catalog in \(directory)")
        }
        guard let family = database.family(named: "default") else {
            throw CatalogError(.corruption, "the catalog in \(directory) has no default family")
        }
        let opened = Opened(database: database, family: family)
        do {
            return (opened, try CatalogFormat.read(from: database, family, newShardCount: shardCount))
        } catch {
            opened.close()
            throw error
        }
    }
}
