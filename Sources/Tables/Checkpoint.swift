package import Records

/// Merges and the positions that they came from: written together or not at all.
package struct Checkpoint: Sendable {
    /// `TableStore.generation` when the writer read its positions; a store that was recovered since refuses the
    /// checkpoint. nil for a writer that starts from no stored position.
    package var generation: UInt64?
    package var merges: [VersionMerges]
    package var positions: [StoredPosition]

    package init(generation: UInt64? = nil, merges: [VersionMerges], positions: [StoredPosition]) {
        self.generation = generation
        self.merges = merges
        self.positions = positions
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

    var versionID: VersionID { VersionID(table: table, version: version) }
}

/// How far one bucket of a category has been applied to a version of a table.
package struct StoredPosition: Hashable, Sendable {
    package var table: UInt32
    package var version: UInt32
    package var category: UInt32
    package var bucket: Int
    /// Of the next record to apply.
    package var offset: Int64
    /// When the last applied record was appended, microseconds since 1970; 0 where none was.
    package var appendTime: Int64

    package init(table: UInt32, version: UInt32, category: UInt32, bucket: Int, offset: Int64, appendTime: Int64) {
        self.table = table
        self.version = version
        self.category = category
        self.bucket = bucket
        self.offset = offset
        self.appendTime = appendTime
    }

    package var key: PositionKey { PositionKey(category: category, bucket: bucket) }

    var versionID: VersionID { VersionID(table: table, version: version) }
}

/// One input of a table version.
package struct PositionKey: Hashable, Sendable {
    package var category: UInt32
    package var bucket: Int

    package init(category: UInt32, bucket: Int) {
        self.category = category
        self.bucket = bucket
    }
}

/// One generation of one table's data.
package struct VersionID: Hashable, Sendable {
    package var table: UInt32
    package var version: UInt32

    package init(table: UInt32, version: UInt32) {
        self.table = table
        self.version = version
    }
}
