internal import CRocksDB

/// A column family: rows of its own, sharing the log with the others.
///
/// After it was dropped it stays readable for whoever still holds it, and its files go with the last of them.
package final class Family: @unchecked Sendable {
    // Sendable: everything is immutable, and RocksDB's handles may be used from any thread.
    package let name: String
    let isFilledInOrder: Bool
    let pointer: OpaquePointer
    let core: DatabaseCore

    init(name: String, isFilledInOrder: Bool, pointer: OpaquePointer, core: DatabaseCore) {
        self.name = name
        self.isFilledInOrder = isFilledInOrder
        self.pointer = pointer
        self.core = core
    }

    deinit {
        core.release { maser_rocks_family_destroy($0, pointer) }
    }
}
