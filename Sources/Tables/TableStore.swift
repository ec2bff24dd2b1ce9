package import Catalog
package import RocksDB
internal import Synchronization

/// The tables of a data folder: one RocksDB, a column family for every version of every table.
///
/// Reads and commits are synchronous and come from any thread. What a checkpoint merges and the positions it came from
/// are one write; it is not synced, for the category still has the records: a power loss takes both back together.
package final class TableStore: Sendable {
    package let catalog: CatalogStore
    let directory: String
    let memory: TableMemory
    let hotRows: HotRowCache?
    /// Rises whenever versions come or go and whenever the store is opened or closed: what a reader found out about a version holds
    /// as long as it is the same.
    let epoch = Atomic<UInt64>(1)
    package let switches: TestSwitches
    let mergeOperator = StateMergeOperator()
    let publishedPositions = PositionTable()
    private let gate = WriteGate()
    let plans = Mutex<[VersionID: TablePlan]>([:])
    let state: Mutex<State>
    /// Held while the store is opened again, so that one of many callers does it.
    private let recovery = Mutex<Void>(())

    struct State {
        /// nil while the store is opened again, and after it was closed.
        var opened: OpenStore?
        /// Rises whenever the store is opened again: positions read before count no more.
        var generation: UInt64 = 1
        /// The write that failed; nothing is written until `recover`.
        var failure: TablesError?
        /// A load makes a version before the catalog names it, and goes on with it after a recovery.
        var versionsBeforeFailure: Set<VersionID> = []
        var isClosed = false
        var injectedFailure: (writesBefore: Int, error: RocksDBError)?
    }

    /// Opens the store in a folder of its own, or makes it. Families that the catalog does not name are dropped, those
    /// of its live versions that are missing are made. `memoryBytes` bounds caches and memtables together; `hotRowBytes` of it,
    /// an eighth by default, are for hot rows.
    package init(
        directory: String, catalog: CatalogStore, memoryBytes: Int, hotRowBytes: Int? = nil,
        switches: TestSwitches = .environment
    ) throws(TablesError) {
        self.directory = directory
        self.catalog = catalog
        self.switches = switches
        memory = TableMemory(bytes: memoryBytes, hotRowBytes: hotRowBytes)
        hotRows = memory.hotRows > 0 ? try HotRowCache(bytes: memory.hotRows) : nil
        let (opened, positions) = try OpenStore.open(
            at: directory, catalog: catalog.snapshot, keeping: [], memory: memory, hotRows: hotRows,
            mergeOperator: mergeOperator)
        publishedPositions.replaceAll(positions)
        state = Mutex(State(opened: opened))
    }

    /// Waits for requests that are under way; everything written before is synced.
    package func close() throws(TablesError) {
        let opened = state.withLock { state in
            state.isClosed = true
            return state.opened.take()
        }
        beginEpoch()
        do {
            try opened?.database.close()
        } catch {
            throw TablesError(storage: error, "closing the table store")
        }
    }

    /// How often an operand could not be read or merged and was set aside; anything but 0 deserves a look.
    package var undecodableOperands: Int { mergeOperator.undecodableOperands }

    /// Bytes in the block cache and the memtables, and those set aside for hot rows.
    package var memoryBytes: Int { (state.withLock { $0.opened?.database.cachedBytes } ?? 0) + memory.hotRows }

    // MARK: After a failed write

    /// Belongs to the positions that `positions(table:version:)` gives; read it before them.
    package var generation: UInt64 { state.withLock { $0.generation } }

    /// Closes and opens the store after a failed write, of which nobody knows whether it happened until then. Positions
    /// have to be read again afterwards, by everybody who writes. Does nothing where no write failed, or where somebody
    /// else has recovered the store since. While the disk is still full it stays open for lookups alone, and where
    /// opening fails it stays closed, until a later call succeeds.
    package func recover() throws(TablesError) {
        try recovery.withLock { _ throws(TablesError) in
            let isNeeded = try state.withLock { state throws(TablesError) in
                if state.isClosed { throw TableStore.closed }
                return state.failure != nil
            }
            if !isNeeded { return }
            try checkRoomToOpenAgain()
            // What closing has to say about a database that failed already helps nobody.
            try? takeOpened()?.database.close()
            let (reopened, positions) = try OpenStore.open(
                at: directory, catalog: catalog.snapshot, keeping: state.withLock { $0.versionsBeforeFailure },
                memory: memory, hotRows: hotRows, mergeOperator: mergeOperator)
            publishedPositions.replaceAll(positions)
            let isClosed = state.withLock { state in
                if state.isClosed { return true }
                state.opened = reopened
                state.generation += 1
                state.failure = nil
                return false
            }
            if isClosed {
                try? reopened.database.close()
                throw TableStore.closed
            }
        }
    }

    private func takeOpened() -> OpenStore? {
        let taken: OpenStore? = state.withLock { state in
            guard let opened = state.opened.take() else { return nil }
            state.versionsBeforeFailure = opened.versionIDs
            return opened
        }
        // Before positions are published anew: who reads those finds no row from before.
        beginEpoch()
        return taken
    }

    /// Holds every write back until it is called with false, for tests of what a slow disk does.
    package func holdWrites(_ isHeld: Bool) {
        gate.set(shut: isHeld)
    }

    func beginEpoch() {
        epoch.wrappingAdd(1, ordering: .releasing)
    }

    /// Makes the next write fail, for tests of what a full disk does.
    package func failNextWrite(with error: RocksDBError) {
        failWrite(after: 0, with: error)
    }

    /// Makes a write fail after some more that succeed.
    package func failWrite(after count: Int, with error: RocksDBError) {
        state.withLock { $0.injectedFailure = (count, error) }
    }

    /// The store to read from.
    func opened() throws(TablesError) -> OpenStore {
        try state.withLock { state throws(TablesError) in
            if let opened = state.opened { return opened }
            throw state.isClosed
                ? TableStore.closed
                : TablesError(
                    .unavailable,
                    "the table store is being opened again" + (state.failure.map { ", after: \($0.message)" } ?? ""),
                    cause: state.failure)
        }
    }

    /// The store to write to.
    func writable() throws(TablesError) -> OpenStore {
        if let failure = state.withLock({ $0.failure }) {
            throw TablesError(.needsRecovery, "an earlier write failed: \(failure.message)", cause: failure)
        }
        return try opened()
    }

    /// Writes, and takes no more writes once one failed.
    func write(
        _ batch: borrowing WriteBatch, to opened: OpenStore, sync: Bool, doing: String
    ) throws(TablesError) {
        gate.pass()
        do throws(RocksDBError) {
            if let failure = takeInjectedFailure() { throw failure }
            try opened.database.write(batch, sync: sync)
        } catch {
            let failure = TablesError(storage: error, doing)
            state.withLock { if $0.opened === opened { $0.failure = failure } }
            throw failure
        }
    }

    private func takeInjectedFailure() -> RocksDBError? {
        state.withLock { state in
            guard let injected = state.injectedFailure else { return nil }
            guard injected.writesBefore > 0 else {
                state.injectedFailure = nil
                return injected.error
            }
            state.injectedFailure = (injected.writesBefore - 1, injected.error)
            return nil
        }
    }

    private static var closed: TablesError { TablesError(.unavailable, "the table store is closed") }
}
