internal import CRocksDB

/// The bounds of one database, all of them explicit: RocksDB's own defaults bound neither memory nor files.
package struct DatabaseOptions: Hashable, Sendable {
    /// false: opening fails where there is no database yet.
    package var createsIfMissing: Bool
    /// Blocks, indexes and filters of every family, and the memtables, which are charged to it.
    package var blockCacheBytes: Int
    /// The memtables of all families together; the oldest is flushed when they exceed it. Part of `blockCacheBytes`.
    package var writeBufferBytes: Int
    package var maxOpenFiles: Int
    /// Families whose memtables hold back a longer log than this are flushed; bounds recovery too.
    package var maxTotalWALBytes: Int
    /// Flushes and compactions at once.
    package var backgroundThreads: Int

    package init(
        createsIfMissing: Bool = true, blockCacheBytes: Int = 256 << 20, writeBufferBytes: Int = 64 << 20,
        maxOpenFiles: Int = 4096, maxTotalWALBytes: Int = 256 << 20, backgroundThreads: Int = 2
    ) {
        self.createsIfMissing = createsIfMissing
        self.blockCacheBytes = blockCacheBytes
        self.writeBufferBytes = writeBufferBytes
        self.maxOpenFiles = maxOpenFiles
        self.maxTotalWALBytes = maxTotalWALBytes
        self.backgroundThreads = backgroundThreads
    }
}

extension DatabaseOptions {
    private static let maxManifestBytes: UInt64 = 64 << 20
    private static let maxInfoLogBytes: UInt64 = 16 << 20

    var native: maser_rocks_database_options {
        maser_rocks_database_options(
            create_if_missing: createsIfMissing, max_open_files: Int32(clamping: maxOpenFiles),
            background_jobs: Int32(clamping: backgroundThreads), max_total_wal_bytes: UInt64(maxTotalWALBytes),
            max_manifest_bytes: Self.maxManifestBytes,
            max_info_log_bytes: Self.maxInfoLogBytes)
    }
}
