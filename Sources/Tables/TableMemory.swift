internal import RocksDB

/// How the one memory setting of the table store is split.
///
/// Memtables are charged to the cache, so `total` bounds both. A quarter for what was just written is enough to merge
/// many checkpoints into one flush, and leaves most of it to lookups.
struct TableMemory: Hashable, Sendable {
    private static let memtableShare = 4
    private static let leastBytes = 16 << 20
    /// The larger, the more operands of a key meet in one flush, and the further apart the rows that each insertion touches.
    private static let greatestFamilyMemtableBytes = 64 << 20
    private static let maxOpenFiles = 4096
    /// Bounds what a start has to read back.
    private static let maxTotalWALBytes = 256 << 20

    let total: Int

    init(bytes: Int) {
        total = max(bytes, Self.leastBytes)
    }

    private var memtables: Int { total / Self.memtableShare }

    var databaseOptions: DatabaseOptions {
        DatabaseOptions(
            blockCacheBytes: total, writeBufferBytes: memtables, maxOpenFiles: Self.maxOpenFiles,
            maxTotalWALBytes: Self.maxTotalWALBytes)
    }

    func familyOptions(_ mergeOperator: StateMergeOperator) -> FamilyOptions {
        FamilyOptions(
            mergeOperator: mergeOperator, isFilledInOrder: true,
            memtableBytes: min(memtables / 2, Self.greatestFamilyMemtableBytes))
    }

    /// Markers come and go with checkpoints; most should be gone before they reach a file.
    var paneOptions: FamilyOptions {
        FamilyOptions(memtableBytes: 8 << 20)
    }

    /// Positions and marks are few and small.
    var recordOptions: FamilyOptions {
        FamilyOptions(memtableBytes: 1 << 20)
    }
}
