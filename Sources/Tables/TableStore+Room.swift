internal import RocksDB
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#endif

extension TableStore {
    /// What opening writes beside the rows of its logs: manifests, options, beginnings of files.
    private static let bytesToOpen: UInt64 = 4 << 20

    /// Opening a store writes what its logs hold into files, so it takes room. Where a full disk has made a write fail, and is
    /// full still, the store stays as it is: it takes no writes, but lookups go on, and they would not if it were closed.
    func checkRoomToOpenAgain() throws(TablesError) {
        guard let (failure, opened) = failureOfFullDisk, let free = freeBytes else { return }
        let needed = opened.database.families.reduce(Self.bytesToOpen) { sum, family in
            sum + ((try? opened.database.integerProperty("rocksdb.cur-size-all-mem-tables", in: family)) ?? 0)
        }
        guard free < needed else { return }
        throw TablesError(
            .diskFull, "opening the table store again takes \(needed >> 20) MiB, and the disk has \(free >> 20)",
            cause: failure.cause ?? failure)
    }

    private var failureOfFullDisk: (TablesError, OpenStore)? {
        state.withLock { state in
            guard let failure = state.failure, failure.code == .diskFull, let opened = state.opened else { return nil }
            return (failure, opened)
        }
    }

    /// nil where the system does not say: then the opening finds out.
    private var freeBytes: UInt64? {
        var disk = statvfs()
        guard statvfs(directory, &disk) == 0 else { return nil }
        return UInt64(disk.f_bavail) * UInt64(disk.f_frsize)
    }
}
