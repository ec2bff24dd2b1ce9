internal import RocksDB
internal import Synchronization

/// A version of a table while the store is open.
final class OpenVersion: Sendable {
    let family: Family
    /// How many commits are writing to the family: RocksDB takes a write to one that is being dropped for the loss of the database.
    let commits = Atomic<Int>(0)
    /// Under which the hot-row cache keeps its rows; 0 where there is none.
    let space: Atomic<UInt32>
    /// Whether anybody ever looked rows up that the cache may hold: `HotRowCache` says how it is used.
    let isLookedUp = Atomic<Bool>(false)
    let misses = MissMeter()

    init(_ family: Family, space: UInt32) {
        self.family = family
        self.space = Atomic(space)
    }
}
