internal import Catalog
internal import Tables

/// Decides when the panes of a table are emitted. Belongs to its app's thread; a checkpoint takes along what it has to do.
final class PaneOutput {
    let version: VersionID
    /// Whose watermark closes panes. It knows this output, and lives as long.
    private unowned let input: InputPlan
    private let emitter: PaneEmitter
    private let starts: PaneStarts
    private var state = PaneState()
    /// Panes that start before it are final for what is applied from now on.
    private var bound = Int64.min
    /// Since the app started: records emitted, panes that no record can hold, and records for panes that were final.
    private(set) var recordCount: UInt64 = 0
    private(set) var oversizedCount: UInt64 = 0
    private(set) var lateCount: UInt64 = 0

    init(_ emitter: PaneEmitter, input: InputPlan, pane: Pane) throws(ProcessorsError) {
        self.emitter = emitter
        self.input = input
        version = VersionID(table: emitter.table.id, version: emitter.table.servingVersion)
        starts = try PaneStarts(pane)
    }

    /// Stands where the table store says. A round that was begun is emitted again before anything else is written: its rows are
    /// still what they were.
    func load(_ stores: OutputStores) throws(ProcessorsError) {
        var state = PaneState()
        do {
            if let stored = try stores.tables.emission(ofPanesOf: version.table) { state.emission = stored }
            state.leastPending = try stores.tables.pendingPanes(of: version.table, limit: 1).starts.first
        } catch {
            throw ProcessorsError(tables: error, "reading which panes to emit", code: .readFailed)
        }
        bound = state.emission.bound
        if state.emission.isOpen {
            let emitted = try emitter.emit(state.emission, from: state.leastPending ?? .min)
            state.leastPending = emitted.leastPending
            state.emitted = emitted
            count(emitted)
        }
        self.state = state
    }

    /// Counts rows of panes that are final. They are merged all the same.
    func observe(_ rows: KeyedRows, from firstRow: Int) {
        guard bound > .min, let starts = rows.paneStarts else { return }
        for row in firstRow..<starts.count where rows.slots[row] != GroupMap.noSlot && starts[row] < bound {
            lateCount += 1
        }
    }

    /// Whether a checkpoint has something to do though no record has come.
    var isDirty: Bool {
        if state.emitted != nil { return true }
        guard let least = state.leastPending else { return false }
        return least < emitter.limit(nextBound)
    }

    /// What the next checkpoint does. Without `beginsRound` it ends what was begun and begins nothing.
    func take(beginsRound: Bool) -> PaneCheckpoint {
        if beginsRound { bound = nextBound }
        return PaneCheckpoint(emitter, version: version, bound: bound, beginsRound: beginsRound, state: state)
    }

    func didCommit(_ checkpoint: PaneCheckpoint) {
        state = checkpoint.state
        if let emitted = state.emitted { count(emitted) }
    }

    private func count(_ emitted: EmittedPanes) {
        recordCount += UInt64(emitted.recordCount)
        oversizedCount += UInt64(emitted.oversizedCount)
    }

    /// The start of the pane that the watermark is in: all panes before it are over. It never goes back, though a watermark does
    /// when the app starts again.
    private var nextBound: Int64 {
        guard emitter.emission == .final, let watermark = input.watermark, watermark.isReached,
            let time = watermark.time
        else { return bound }
        return max(bound, starts.start(of: time))
    }
}
