internal import CRocksDB

/// How one column family stores its rows. The defaults are those of a family that is looked up at random.
package struct FamilyOptions: Sendable {
    package var mergeOperator: (any MergeOperator)?
    /// false: files stay as they were flushed, for rows that are written in key order and dropped as a whole.
    package var isCompacted: Bool
    /// Most batches have their keys in ascending order, and are inserted at half the price. No range of such a family may
    /// be deleted.
    package var isFilledInOrder: Bool
    package var blockBytes: Int
    /// Over whole keys; 0 for a family that is only ever scanned.
    package var bloomBitsPerKey: Double
    package var compression: Compression
    /// Of the last level, which holds most of the rows.
    package var bottomCompression: Compression
    package var memtableBytes: Int
    /// Memtables that may wait for their flush; beyond it, writers wait.
    package var maxMemtables: Int
    package var fileBytes: Int
    package var baseLevelBytes: Int

    package enum Compression: Hashable, Sendable {
        case none
        case lz4
        case zstd
    }

    package init(
        mergeOperator: (any MergeOperator)? = nil, isCompacted: Bool = true, isFilledInOrder: Bool = false,
        blockBytes: Int = 8 << 10,
        bloomBitsPerKey: Double = 10, compression: Compression = .lz4, bottomCompression: Compression? = nil,
        memtableBytes: Int = 32 << 20, maxMemtables: Int = 4, fileBytes: Int = 64 << 20,
        baseLevelBytes: Int = 256 << 20
    ) {
        self.mergeOperator = mergeOperator
        self.isCompacted = isCompacted
        self.isFilledInOrder = isFilledInOrder
        self.blockBytes = blockBytes
        self.bloomBitsPerKey = bloomBitsPerKey
        self.compression = compression
        self.bottomCompression = bottomCompression ?? compression
        self.memtableBytes = memtableBytes
        self.maxMemtables = maxMemtables
        self.fileBytes = fileBytes
        self.baseLevelBytes = baseLevelBytes
    }
}

extension FamilyOptions.Compression {
    /// Whether the installed library was built with it.
    package var isSupported: Bool { maser_rocks_supports(native) }

    var native: maser_rocks_compression {
        switch self {
        case .none: MASER_ROCKS_UNCOMPRESSED
        case .lz4: MASER_ROCKS_LZ4
        case .zstd: MASER_ROCKS_ZSTD
        }
    }
}

extension FamilyOptions {
    /// Lends the options to a native call. The call owns the merge operator's context afterwards, whatever it answers.
    func withNative<R>(_ body: (UnsafePointer<maser_rocks_family_options>) -> R) -> R {
        var native = maser_rocks_family_options(
            merge_operator: nil, is_compacted: isCompacted, is_filled_in_order: isFilledInOrder,
            block_bytes: blockBytes,
            bloom_bits_per_key: bloomBitsPerKey, compression: compression.native,
            bottom_compression: bottomCompression.native, memtable_bytes: memtableBytes,
            max_memtables: Int32(clamping: maxMemtables), file_bytes: UInt64(fileBytes),
            base_level_bytes: UInt64(baseLevelBytes))
        guard let mergeOperator else { return body(&native) }
        return mergeOperator.withNative { pointer in
            native.merge_operator = pointer
            return body(&native)
        }
    }
}
