internal import CRocksDB

/// The database as it stood at one moment, across all families. Holds closing back, and old rows on the disk, while it
/// lives.
package final class Snapshot: @unchecked Sendable {
    // Sendable: a snapshot never changes, and RocksDB reads it from any thread.
    let pointer: OpaquePointer
    private let core: DatabaseCore

    init(core: DatabaseCore) throws(RocksDBError) {
        self.core = core
        pointer = maser_rocks_snapshot_create(try core.enter())
    }

    deinit {
        core.release { maser_rocks_snapshot_destroy($0, pointer) }
        core.leave()
    }
}
