internal import Bytes
internal import Foundation
internal import Records
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#endif

// The rows that are asked for most, as their readers get them, each in one piece: found with one hash, one line of an index and one
// comparison, where RocksDB takes twenty times as long. Rows that are absent are kept as well. All memory is set aside at the start.
//
// No row in here is older than what is committed and published, by two rules.
//
// - A writer commits, then takes out what it wrote (`invalidate`), and only then publishes its positions. So whoever has read a position
//   finds no older row here.
// - A row that was read from RocksDB while a commit wrote to its stripe may be the old one, and is not put in: the reader notes the
//   stripe's count of writes before it reads (`noteWrites`), and it has to be the same when the row goes in (`fill`). The commit
//   either raised the count before it was noted, and then the read saw what it wrote; or it raises it after the row went in, and takes
//   it out again.
//
// A version that nobody has looked up costs its writer one load: `OpenVersion.isLookedUp` is set before anything is noted and read, and
// looked at after the commit, with a full fence on either side. If the writer's look came first, so did its commit, and the reader
// sees it; otherwise the writer sees the flag.
//
// Rows are kept by the number of their space, of which a version gets a new one whenever it is opened, and when files were ingested into
// it. So nothing has to be taken out when a version is dropped or the store is opened again: what was kept is never asked for
// again, and leaves like all that is cold.

/// The hot rows of a table store.
final class HotRowCache: @unchecked Sendable {
    // Sendable: stripes are written by whoever holds their sequence, and read by its protocol; all else never changes.
    static let leastBytes = 1 << 20
    private static let leastStripeBytes = 256 << 10
    private static let mostStripes = 256
    /// Of a stripe, for the index: a line for every 512 bytes, enough for rows of 64 bytes and more.
    private static let indexShare = 8
    /// No two stripes share a line, nor the pair of lines that is fetched together.
    private static let stripeStride = 256

    /// More is touched on a thread of its own, when the first row is to be kept: on the threads that answer lookups, which touch it
    /// everywhere at once, it would hold up all of them for a tenth of a second and more.
    private static let touchedAtOnce = 8 << 20

    private let memory: HotMemory
    private let phase: Atomic<UInt8>
    let stripeCount: Int
    private let seed: UInt64
    private let spaces = Atomic<UInt32>(0)
    let greatestEntryBytes: Int

    /// Takes exactly `bytes`, rounded down to whole stripes.
    init(bytes: Int) throws(TablesError) {
        let bytes = max(bytes, Self.leastBytes)
        var stripes = 1
        while stripes < Self.mostStripes, bytes / (stripes * 2) >= Self.leastStripeBytes { stripes *= 2 }
        precondition(MemoryLayout<HotStripe>.stride <= Self.stripeStride)
        memory = try HotMemory(bytes: bytes)
        phase = Atomic(bytes <= Self.touchedAtOnce ? Self.ready : Self.untouched)
        stripeCount = stripes
        seed = .random(in: .min ... .max)
        let share = (bytes - stripes * Self.stripeStride) / stripes
        let buckets = share / Self.indexShare / HotBucket.bytes
        let arenaBytes = (share - buckets * HotBucket.bytes) & ~7
        greatestEntryBytes = HotStripe.greatestEntry(inArenaOf: arenaBytes)
        let index = memory.base + stripes * Self.stripeStride
        let arenas = index + stripes * buckets * HotBucket.bytes
        for number in 0..<stripes {
            (memory.base + number * Self.stripeStride).initializeMemory(
                as: HotStripe.self,
                to: HotStripe(
                    buckets: index + number * buckets * HotBucket.bytes, count: buckets,
                    arena: arenas + number * arenaBytes, bytes: arenaBytes))
        }
    }

    var bytes: Int { memory.bytes }

    // MARK: Memory

    private static let untouched: UInt8 = 0
    private static let touching: UInt8 = 1
    private static let ready: UInt8 = 2

    /// Whether rows may be put in; the first call sees to it that they soon may.
    var isReady: Bool {
        let phase = phase.load(ordering: .acquiring)
        if phase == Self.ready { return true }
        if phase == Self.untouched, self.phase.exchange(Self.touching, ordering: .relaxed) == Self.untouched {
            Thread.detachNewThread { [self] in
                memory.touch()
                self.phase.store(Self.ready, ordering: .releasing)
            }
        }
        return false
    }

    // MARK: Keys

    /// Never 0.
    func newSpace() -> UInt32 {
        spaces.wrappingAdd(1, ordering: .relaxed).newValue
    }

    /// Mixes the XXH3 of a tuple with what no caller knows, so that nobody can choose keys that meet in one bucket.
    @inline(__always)
    func hash(_ tuple: UInt64, space: UInt32) -> UInt64 {
        let mixed = (tuple ^ seed ^ UInt64(space) &* 0x9e37_79b9_7f4a_7c15).multipliedFullWidth(
            by: 0xd6e8_feb8_6659_fd93)
        return mixed.high ^ mixed.low
    }

    @inline(__always)
    func stripe(_ hash: UInt64) -> UnsafeMutablePointer<HotStripe> {
        stripe(at: stripeIndex(hash))
    }

    @inline(__always)
    func stripeIndex(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash >> 56) & (stripeCount - 1)
    }

    @inline(__always)
    func stripe(at index: Int) -> UnsafeMutablePointer<HotStripe> {
        (memory.base + index &* Self.stripeStride).assumingMemoryBound(to: HotStripe.self)
    }
}
