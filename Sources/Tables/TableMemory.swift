internal import RocksDB

/// How the one memory setting of the table store is split.
///
/// Hot rows take their share first: what is asked for most is found there many times faster. Memtables are charged to the block
/// cache, so the rest bounds both. A quarter of it for what was just written is enough to merge many checkpoints into one flush, and
/// leaves most of it to lookups.
struct TableMemory: Hashable, Sendable {
    private static let hotRowShare = 8
    private static let memtableShare = 4
    private static let leastBytes = 16 << 20
    /// The larger, the more operands of a key meet in one flush, and the further apart the rows that each insertion touches.
    private static let greatestFamilyMemtableBytes = 64 << 20
    private static let maxOpenFiles = 4096
    /// Bounds what a start has to read back.
    private static let maxTotalWALBytes = 256 << 20

    /// 0: none are kept.
    let hotRows: Int
    private let blocks: Int

    /// `hotRowBytes` is part of `bytes`, an eighth by default.
    init(bytes: Int, hotRowBytes: Int? = nil) {
        let wanted = hotRowBytes ?? bytes / Self.hotRowShare
        hotRows = wanted == 0 ? 0 : max(wanted, HotRowCache.leastBytes)
        blocks = max(bytes - hotRows, Self.leastBytes)
    }

    private var memtables: Int { blocks / Self.memtableShare }

    var databaseOptions: DatabaseOptions {
        DatabaseOptions(
            blockCacheBytes: blocks, writeBufferBytes: memtables, maxOpenFiles: Self.maxOpenFiles,
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
