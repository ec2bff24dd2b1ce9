package import Catalog
package import Records

/// Merges and the positions that they came from: written together or not at all, unless the app asked for less.
package struct Checkpoint: Sendable {
    /// `TableStore.generation` when the writer read its positions; a store that was recovered since refuses the
    /// checkpoint. nil for a writer that starts from no stored position.
    package var generation: UInt64?
    package var merges: [VersionMerges]
    package var positions: [StoredPosition]
    /// Of tables whose panes an output emits. They are written with the merges.
    package var panes: [PaneChanges]
    /// What a kill between merges and positions may do.
    package var semantics: Semantics
    /// No power loss takes it back, nor anything before it.
    package var isSynced: Bool

    package init(
        generation: UInt64? = nil, merges: [VersionMerges], positions: [StoredPosition], panes: [PaneChanges] = [],
        semantics: Semantics = .exactlyOnce, isSynced: Bool = false
    ) {
        self.generation = generation
        self.merges = merges
        self.positions = positions
        self.panes = panes
        self.semantics = semantics
        self.isSynced = isSynced
    }
}

/// What one checkpoint merges into one version of a table, in any order.
package struct VersionMerges: Sendable {
    package var table: UInt32
    package var version: UInt32
    /// Storage keys.
    package var keys: ByteStrings
    /// One for each key.
    package var operands: ByteStrings

    package init(table: UInt32, version: UInt32, keys: ByteStrings, operands: ByteStrings) {
        precondition(keys.count == operands.count)
        self.table = table
        self.version = version
        self.keys = keys
        self.operands = operands
    }

    package var isEmpty: Bool { keys.count == 0 }
    package var versionID: VersionID { VersionID(table: table, version: version) }
}
