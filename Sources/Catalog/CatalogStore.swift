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
    private let publications = Synchronization.Atomic<UInt64>(0)
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
        var injectedFailure: InjectedFailure?
    }

    /// For tests of what a full disk does.
    private struct InjectedFailure {
        let error: RocksDBError
        /// The write happens, and fails only then.
        let isWritten: Bool
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

    /// Changes whenever a snapshot is published, right after. Whoever keeps a snapshot together with the number that was
    /// read before it knows by one cheap load that it still is the newest.
    package var publication: UInt64 { publications.load(ordering: .acquiring) }

    private func publish(_ snapshot: CatalogSnapshot) {
        published.store(Published(snapshot), ordering: .releasing)
        publications.wrappingAdd(1, ordering: .releasing)
    }

    /// Changes the catalog: `body` gets the newest snapshot, and what it made of it is written in one synced batch and
    /// then published. Nothing is, where the body or the write fails; only after an error `undecided` it may be, and then
    /// nothing that the change names may be taken away.
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
                let failure = writer.injectedFailure.take()
                if failure?.isWritten != false { try opened.database.write(batch, sync: true) }
                if let failure { throw failure.error }
            } catch {
                opened.close()
                writer.opened = nil
                guard try hasHappened(after, despite: error, &writer) else {
                    throw CatalogError(storage: error, "writing the catalog")
                }
                return result
            }
            publish(after)
            return result
        }
    }

    /// The catalog as it stands on the disk, which after an `undecided` change only opening it again can tell.
    package func settled() throws(CatalogError) -> CatalogSnapshot {
        try writer.withLock { writer throws(CatalogError) in
            _ = try opened(&writer)
            return snapshot
        }
    }

    /// Whether a failed write is on the disk all the same, whole: a sync may fail after it, and a log is read back.
    private func hasHappened(
        _ after: CatalogSnapshot, despite failure: RocksDBError, _ writer: inout Writer
    ) throws(CatalogError) -> Bool {
        let family: Family
        do {
            family = try opened(&writer).family
        } catch {
            throw CatalogError(
                .undecided, "writing the catalog: \(failure.message); nor can it be read back: \(error.message)",
                cause: failure)
        }
        var rest = WriteBatch()
        try CatalogFormat.write(changesFrom: snapshot, to: after, into: &rest, family)
        return rest.count == 0
    }

    /// Further updates fail; the last snapshot stays readable.
    package func close() {
        writer.withLock { writer in
            writer.opened?.close()
            writer.opened = nil
            writer.isClosed = true
        }
    }

    /// Makes the next write fail, before or after it reaches the disk, for tests of what a full disk does.
    package func failNextWrite(with error: RocksDBError, afterWriting: Bool = false) {
        writer.withLock { $0.injectedFailure = InjectedFailure(error: error, isWritten: afterWriting) }
    }

    private func opened(_ writer: inout Writer) throws(CatalogError) -> Opened {
        if let opened = writer.opened { return opened }
        guard !writer.isClosed else { throw CatalogError(.unavailable, "the catalog is closed") }
        let (opened, stored) = try CatalogStore.open(directory, shardCount: snapshot.shardCount)
        writer.opened = opened
        publish(stored)
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
