internal import CRocksDB
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#endif

/// The native database, and the count of those who are inside it.
///
/// A family, an iterator or a snapshot outlives the `Database` that made it, and a call may come while another thread
/// closes: whoever touches native memory enters first, and closing waits until nobody is inside.
final class DatabaseCore: @unchecked Sendable {
    // Sendable: `pointer` never changes, RocksDB is safe to call from any thread, and `usage` orders calls and closing.
    private let pointer: OpaquePointer

    /// Twice the number of those inside, plus one once it is closing.
    private let usage = Atomic<Int>(0)

    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        maser_rocks_database_destroy(pointer)
    }

    func enter() throws(RocksDBError) -> OpaquePointer {
        let (old, _) = usage.add(2, ordering: .acquiring)
        if old & 1 == 1 {
            leave()
            throw RocksDBError(.closed, "the database is closed")
        }
        return pointer
    }

    func leave() {
        usage.subtract(2, ordering: .releasing)
    }

    func use<R>(_ body: (OpaquePointer) throws(RocksDBError) -> R) throws(RocksDBError) -> R {
        let pointer = try enter()
        defer { leave() }
        return try body(pointer)
    }

    /// For what must be given back even to a closed database, whose shim then only frees it.
    func release(_ body: (OpaquePointer) -> Void) {
        body(pointer)
    }

    /// false where it was closed before.
    func close() throws(RocksDBError) -> Bool {
        let (old, _) = usage.bitwiseOr(1, ordering: .acquiring)
        if old & 1 == 1 { return false }
        while usage.load(ordering: .acquiring) != 1 { usleep(500) }
        try maser_rocks_close(pointer).check()
        return true
    }
}
