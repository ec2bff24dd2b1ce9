internal import Bytes
internal import Catalog
internal import Records
internal import Tables

/// What one checkpoint does for an output of panes; see `PaneChanges` for why it takes two to emit anything.
struct PaneCheckpoint: Sendable {
    let emitter: PaneEmitter
    let version: VersionID
    /// Panes that start before it are final from this checkpoint on.
    let bound: Int64
    /// Whether panes may be emitted after it.
    let beginsRound: Bool
    private(set) var state: PaneState
    /// To be appended once this checkpoint has ended the round that they are from.
    private var held: [OutputChunk] = []

    init(_ emitter: PaneEmitter, version: VersionID, bound: Int64, beginsRound: Bool, state: PaneState) {
        self.emitter = emitter
        self.version = version
        self.bound = bound
        self.beginsRound = beginsRound
        self.state = state
    }

    /// Ends the round that was emitted, marks what the checkpoint's merges change, and begins another round.
    mutating func add(to checkpoint: inout Checkpoint) throws(ProcessorsError) {
        var changes = PaneChanges(table: version.table)
        var next = state.emission
        if let emitted = state.emitted.take() {
            changes.emitted = emitted.markers
            next.sequence += Int64(emitted.markers.count)
            next.isOpen = false
            held = emitted.held
        }
        for merges in checkpoint.merges where merges.versionID == version {
            changes.pending = try markers(of: merges, from: state.emission.bound)
        }
        if let least = changes.pending.starts.min() { state.leastPending = min(state.leastPending ?? least, least) }
        next.bound = bound
        if beginsRound, let least = state.leastPending, least < emitter.limit(bound) {
            next.round += 1
            next.isOpen = true
            next.limit = emitter.greatestRoundCount
        }
        if next != state.emission { changes.emission = next }
        state.emission = next
        if emitter.semantics != .atLeastOnce, next.isOpen || !held.isEmpty { checkpoint.isSynced = true }
        if !changes.isEmpty { checkpoint.panes.append(changes) }
    }

    /// The checkpoint is written: emits the round that it began.
    mutating func didCommit() throws(ProcessorsError) {
        try emitter.append(held)
        held = []
        guard state.emission.isOpen else { return }
        let emitted = try emitter.emit(state.emission, from: state.leastPending ?? .min)
        state.leastPending = emitted.leastPending
        state.emitted = emitted
    }

    /// Panes that are final wait no more.
    private func markers(of merges: VersionMerges, from bound: Int64) throws(ProcessorsError) -> PaneMarkers {
        let columnCount = emitter.table.keyColumns.count
        var markers = PaneMarkers()
        do {
            try merges.keys.arena.withBytes { arena throws(BytesError) in
                for index in 0..<merges.keys.count {
                    let key = UnsafeRawBufferPointer(rebasing: arena[merges.keys.range(at: index)])
                    let tuple = StorageKey.tuple(of: key)
                    var reader = ByteReader(tuple)
                    for _ in 1..<columnCount { try reader.skipTupleElement() }
                    guard case .int64(let start) = try reader.readTupleElement() else {
                        throw BytesError(.malformed, "its pane has no start")
                    }
                    if start >= bound { markers.append(start: start, key: tuple) }
                }
            }
        } catch {
            throw ProcessorsError(.corruption, "a key of \(emitter.table.name) cannot be read", cause: error)
        }
        return markers
    }
}

/// How far an output of panes has come.
struct PaneState: Sendable {
    /// As the table store has it.
    var emission = PaneEmission(round: 0, sequence: 1, bound: .min, isOpen: false)
    /// No pane that waits starts before it; nil where none waits.
    var leastPending: Int64?
    /// The round that is open is emitted, and the next checkpoint ends it.
    var emitted: EmittedPanes?
}
