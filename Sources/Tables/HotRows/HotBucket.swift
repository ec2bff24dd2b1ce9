internal import Synchronization

/// One line of the processor's cache: where eight rows lie, sixteen bits of each one's hash, how often each was found, and its ghosts:
/// the four rows that last were read without being let in, or were taken out because they were written.
///
/// Readers look without a lock, and add to the counts of hits. A count that goes to the wrong row, or is lost, does no harm.
struct HotBucket {
    static let bytes = 64
    static let slots = 8
    static let mostHits: UInt8 = 3

    private static let tagsOffset = 32
    private static let hitsOffset = 48
    private static let ghostsOffset = 56
    private static let lowOfEach: UInt64 = 0x0001_0001_0001_0001
    private static let highOfEach: UInt64 = 0x8000_8000_8000_8000

    let base: UnsafeMutableRawPointer

    @inline(__always)
    init(at base: UnsafeMutableRawPointer) {
        self.base = base
    }

    @inline(__always)
    private func word(_ offset: Int) -> UInt64 {
        (base + offset).assumingMemoryBound(to: Atomic<UInt64>.self).pointee.load(ordering: .relaxed)
    }

    @inline(__always)
    private func setWord(_ offset: Int, _ value: UInt64) {
        (base + offset).assumingMemoryBound(to: Atomic<UInt64>.self).pointee.store(value, ordering: .relaxed)
    }

    /// Where a row lies in its stripe's arena, in words, plus one; 0 where the slot is free.
    @inline(__always)
    func place(_ slot: Int) -> UInt32 {
        (base + 4 * slot).assumingMemoryBound(to: Atomic<UInt32>.self).pointee.load(ordering: .relaxed)
    }

    @inline(__always)
    func setPlace(_ slot: Int, _ place: UInt32) {
        (base + 4 * slot).assumingMemoryBound(to: Atomic<UInt32>.self).pointee.store(place, ordering: .relaxed)
    }

    // MARK: Tags

    /// The slots whose tag is equal, one bit for each; now and then one more, so the key decides.
    @inline(__always)
    func slots(tagged tag: UInt16) -> Slots {
        let low = Self.equalLanes(word(Self.tagsOffset), tag)
        let high = Self.equalLanes(word(Self.tagsOffset + 8), tag)
        // The high bits of four lanes of 16 go to every second bit, those of the other word in between.
        return Slots(bits: low >> 15 | high >> 14)
    }

    /// Every lane's high bit where the lane is equal.
    @inline(__always)
    private static func equalLanes(_ word: UInt64, _ tag: UInt16) -> UInt64 {
        let difference = word ^ (UInt64(tag) &* lowOfEach)
        return (difference &- lowOfEach) & ~difference & highOfEach
    }

    struct Slots {
        private var bits: UInt64

        @inline(__always)
        init(bits: UInt64) {
            self.bits = bits
        }

        /// nil at the end.
        @inline(__always)
        mutating func next() -> Int? {
            if bits == 0 { return nil }
            let position = bits.trailingZeroBitCount
            bits &= bits &- 1
            return position >> 4 | (position & 1) << 2
        }
    }

    func tag(_ slot: Int) -> UInt16 {
        UInt16(truncatingIfNeeded: word(Self.tagsOffset + 8 * (slot >> 2)) >> UInt64(16 * (slot & 3)))
    }

    func setTag(_ slot: Int, _ tag: UInt16) {
        let offset = Self.tagsOffset + 8 * (slot >> 2)
        let shift = UInt64(16 * (slot & 3))
        setWord(offset, word(offset) & ~(0xffff << shift) | UInt64(tag) << shift)
    }

    // MARK: Hits

    @inline(__always)
    private func counter(_ slot: Int) -> UnsafeMutablePointer<Atomic<UInt8>> {
        (base + Self.hitsOffset + slot).assumingMemoryBound(to: Atomic<UInt8>.self)
    }

    func hits(_ slot: Int) -> UInt8 { counter(slot).pointee.load(ordering: .relaxed) }
    func setHits(_ slot: Int, _ hits: UInt8) { counter(slot).pointee.store(hits, ordering: .relaxed) }

    /// A row that is found all the time is not written to any more, so its line stays with all readers.
    @inline(__always)
    func addHit(_ slot: Int) {
        let hits = counter(slot).pointee.load(ordering: .relaxed)
        if hits < Self.mostHits { counter(slot).pointee.store(hits + 1, ordering: .relaxed) }
    }

    // MARK: Ghosts

    /// The oldest of the four is forgotten.
    func addGhost(_ tag: UInt16) {
        setWord(Self.ghostsOffset, word(Self.ghostsOffset) << 16 | UInt64(tag))
    }

    func isGhost(_ tag: UInt16) -> Bool {
        Self.equalLanes(word(Self.ghostsOffset), tag) != 0
    }
}
