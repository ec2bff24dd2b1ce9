package import Records

// An output of panes emits what a table holds, so it must never be that the table has a change of which the output knows
// nothing, nor that a row was emitted which a crash takes back. Therefore a checkpoint marks the panes that it changes, in the
// write that changes them; a *round* emits marked panes; and the checkpoint that begins a round is synced, and is the last
// one until all of the round's rows are in the output. Whoever finds a round begun after a crash therefore reads the same
// rows again, in the same order, and gives them the same sequences.

/// What a checkpoint changes of the panes of one table that its output has yet to emit.
package struct PaneChanges: Sendable {
    package var table: UInt32
    /// Panes that were emitted.
    package var emitted: PaneMarkers
    /// Panes that the checkpoint's merges change; one of them may have been emitted just now.
    package var pending: PaneMarkers
    /// nil where it stays as it is.
    package var emission: PaneEmission?

    package init(
        table: UInt32, emitted: PaneMarkers = PaneMarkers(), pending: PaneMarkers = PaneMarkers(),
        emission: PaneEmission? = nil
    ) {
        self.table = table
        self.emitted = emitted
        self.pending = pending
        self.emission = emission
    }

    package var isEmpty: Bool { emitted.count == 0 && pending.count == 0 && emission == nil }
}

/// Panes of a table that wait to be emitted.
package struct PaneMarkers: Sendable {
    /// Where each pane begins.
    package var starts: [Int64] = []
    /// Of the table's rows, as tuples.
    package var keys = ByteStrings()

    package init() {}

    package var count: Int { starts.count }

    package mutating func append(start: Int64, key: UnsafeRawBufferPointer) {
        starts.append(start)
        keys.append(key)
    }

    /// Takes the last one away, and gives its start. There has to be one.
    package mutating func removeLast() -> Int64 {
        keys.arena.removeSubrange(keys.range(at: count - 1))
        keys.ends.removeLast()
        return starts.removeLast()
    }
}

/// How far the output of a table's panes has come.
package struct PaneEmission: Hashable, Sendable {
    /// The last round that was begun; 0 where none was.
    package var round: UInt64
    /// What the first row of the round is numbered with; where the round is over, that of the next round.
    package var sequence: Int64
    /// Panes that start before it are final: they are not emitted again, whatever comes.
    package var bound: Int64
    /// Perhaps not all of the round's rows are in the output.
    package var isOpen: Bool
    /// How many of the panes that wait the round takes, the first ones; whoever emits it again takes as many.
    package var limit: Int

    package init(round: UInt64, sequence: Int64, bound: Int64, isOpen: Bool, limit: Int = 0) {
        self.round = round
        self.sequence = sequence
        self.bound = bound
        self.isOpen = isOpen
        self.limit = limit
    }
}
