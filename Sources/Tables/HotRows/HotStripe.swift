internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#endif

// Rows lie in one ring, in the order in which they came. One at its end that was found since it last came by goes round once more,
// else it leaves: CLOCK, which needs no list and, on a hit, writes no more than a count. Who comes in is decided as in S3-FIFO
// (Yang and others, SOSP 2023) and 2Q: a row that is read for the first time leaves a ghost, two bytes of its hash, and comes in
// when it is read again while the ghost is there. So what is read once, as by a scan of cold keys, takes no memory at all, and
// most of what misses costs no insertion. As long as there is room, everything comes in.

/// One part of the cache: its own rows, memory and lock.
///
/// Writers hold `sequence` odd. Readers take no lock: they look, and what they saw counts when `sequence` was even before and is the
/// same afterwards.
struct HotStripe: ~Copyable {
    /// The part of the arena that one row may take.
    private static let greatestShare = 40
    /// Rows that may go round before one of them leaves all the same: it bounds the time of an insertion.
    private static let roundsPerInsertion = 16

    /// One in so many rows comes in though it is read for the first time: keys that are read in turns longer than ghosts last would
    /// stay outside for ever, and what nobody asks for any more inside.
    private static let firstReadsPerAdmission: UInt8 = 16

    let sequence = Atomic<UInt64>(0)
    /// Rises with every commit that wrote a row of this stripe, cached or not.
    let writes = Atomic<UInt64>(0)
    let buckets: UnsafeMutableRawPointer
    let bucketCount: Int
    let arena: UnsafeMutableRawPointer
    let arenaBytes: Int
    private var ring: HotRing
    private var firstReads: UInt8 = 0

    /// `memory` is zeros.
    init(buckets: UnsafeMutableRawPointer, count: Int, arena: UnsafeMutableRawPointer, bytes: Int) {
        self.buckets = buckets
        bucketCount = count
        self.arena = arena
        arenaBytes = bytes
        ring = HotRing(0..<bytes)
    }

    /// A row that took more would push out too many others.
    static func greatestEntry(inArenaOf bytes: Int) -> Int { bytes / greatestShare }

    // MARK: Holding

    private static let spinsBeforeYield = 100

    /// false where somebody else holds it just now.
    func tryHold() -> Bool {
        let sequence = sequence.load(ordering: .relaxed)
        guard sequence & 1 == 0,
            self.sequence.compareExchange(expected: sequence, desired: sequence + 1, ordering: .acquiring).exchanged
        else { return false }
        // What is written while it is held must not be seen before it is.
        atomicMemoryFence(ordering: .releasing)
        return true
    }

    func hold() {
        var spins = 0
        while !tryHold() {
            spins += 1
            if spins % Self.spinsBeforeYield == 0 { sched_yield() }
        }
    }

    func letGo() {
        sequence.wrappingAdd(1, ordering: .releasing)
    }

    // MARK: Reading

    func bucketIndex(_ hash: UInt64) -> Int {
        Int(((hash >> 16 & 0xffff_ffff) &* UInt64(bucketCount)) >> 32)
    }

    @inline(__always)
    func bucket(_ index: Int) -> HotBucket {
        HotBucket(at: buckets + index &* HotBucket.bytes)
    }

    @inline(__always)
    func entry(at place: UInt32) -> HotEntry {
        HotEntry(at: arena + Self.offset(of: place))
    }

    @inline(__always)
    static func offset(of place: UInt32) -> Int { Int(place &- 1) &* 8 }

    private static func place(at offset: Int) -> UInt32 { UInt32(truncatingIfNeeded: offset / 8 + 1) }

    // MARK: While it is held

    /// The slot of a key, of whatever revision.
    private func find(_ key: HotKey, in bucket: HotBucket) -> Int? {
        var slots = bucket.slots(tagged: key.tag)
        while let slot = slots.next() {
            let place = bucket.place(slot)
            if place == 0 { continue }
            let entry = entry(at: place)
            if entry.space == key.space, entry.shape.keyBytes == key.bytes.count, entry.hasKey(key.bytes) {
                return slot
            }
        }
        return nil
    }

    /// Takes out a row that was written. It comes back with the next read, if that is soon.
    func remove(_ key: HotKey) {
        let bucket = bucket(bucketIndex(key.hash))
        guard let slot = find(key, in: bucket) else { return }
        bucket.addGhost(key.tag)
        bucket.setPlace(slot, 0)
    }

    /// nil for an absent row. Where the same row is there nothing happens, and one that is read for the first time may leave a
    /// ghost only.
    mutating func insert(_ key: HotKey, revision: UInt32, message: UnsafeRawBufferPointer?) {
        let index = bucketIndex(key.hash)
        let bucket = bucket(index)
        if let slot = find(key, in: bucket) {
            if entry(at: bucket.place(slot)).shape.revision == revision { return }
            bucket.setPlace(slot, 0)
        }
        let shape = HotEntry.Shape(
            messageBytes: message?.count ?? 0, isPresent: message != nil, keyBytes: key.bytes.count, revision: revision)
        guard ring.hasRoom(for: shape.alignedBytes) || bucket.isGhost(key.tag) || isAdmittedAnyway() else {
            return bucket.addGhost(key.tag)
        }
        makeRoom(for: shape.alignedBytes)
        let offset = ring.push(shape.alignedBytes, in: arena)
        HotEntry(at: arena + offset).write(
            bucket: index, space: key.space, shape, key: key.bytes,
            message: message ?? UnsafeRawBufferPointer(start: nil, count: 0))
        let slot = freeSlot(in: bucket)
        bucket.setTag(slot, key.tag)
        bucket.setHits(slot, 0)
        bucket.setPlace(slot, Self.place(at: offset))
    }

    private mutating func isAdmittedAnyway() -> Bool {
        firstReads &+= 1
        return firstReads % Self.firstReadsPerAdmission == 0
    }

    /// A free slot, or that of the row that was found least.
    private func freeSlot(in bucket: HotBucket) -> Int {
        var chosen = 0
        var least = UInt8.max
        for slot in 0..<HotBucket.slots {
            if bucket.place(slot) == 0 { return slot }
            let hits = bucket.hits(slot)
            if hits < least { (chosen, least) = (slot, hits) }
        }
        return chosen
    }

    /// The slot that leads to an entry; nil where none does any more, for its row was written or replaced.
    private func slot(of entry: HotEntry, at offset: Int) -> Int? {
        let bucket = bucket(entry.bucket)
        let place = Self.place(at: offset)
        for slot in 0..<HotBucket.slots where bucket.place(slot) == place { return slot }
        return nil
    }

    private mutating func makeRoom(for bytes: Int) {
        var rounds = Self.roundsPerInsertion
        while !ring.hasRoom(for: bytes) {
            let offset = ring.tail
            let entry = HotEntry(at: arena + offset)
            if entry.isFiller {
                ring.popFiller()
                continue
            }
            let size = entry.shape.alignedBytes
            let bucket = bucket(entry.bucket)
            let slot = slot(of: entry, at: offset)
            ring.pop(size)
            guard let slot else { continue }
            let hits = bucket.hits(slot)
            guard hits > 0, rounds > 0, ring.hasRoom(for: size) else {
                bucket.setPlace(slot, 0)
                continue
            }
            rounds -= 1
            let moved = ring.push(size, in: arena)
            // The two may overlap: the ring may be full but for what the entry itself left.
            (arena + moved).copyMemory(from: arena + offset, byteCount: size)
            bucket.setHits(slot, hits - 1)
            bucket.setPlace(slot, Self.place(at: moved))
        }
    }
}

/// A row's key as the cache looks for it.
struct HotKey {
    let hash: UInt64
    let space: UInt32
    /// The tuple.
    let bytes: UnsafeRawBufferPointer

    var tag: UInt16 { UInt16(truncatingIfNeeded: hash) }
}
