internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#endif

/// One row of the cache as it lies in a ring: two words, the key's tuple, the row's message, and up to seven bytes to the next
/// word. (When rows get a lifetime, their expiry is a third word.)
///
/// A reader looks at an entry that a writer may be replacing, and finds out only afterwards: so the words are read whole, and what
/// they say is held against the arena before a byte is read.
struct HotEntry {
    static let headerBytes = 16
    static let maxKeyBytes = 1 << 15 - 1
    static let maxMessageBytes = 1 << 24 - 1
    static let maxRevision: UInt32 = 1 << 24 - 1
    /// In place of a bucket: the rest of the ring is skipped.
    private static let filler = UInt64(UInt32.max)

    let base: UnsafeMutableRawPointer

    init(at base: UnsafeMutableRawPointer) {
        self.base = base
    }

    @inline(__always)
    private func word(_ index: Int) -> UInt64 {
        (base + 8 * index).assumingMemoryBound(to: Atomic<UInt64>.self).pointee.load(ordering: .relaxed)
    }

    @inline(__always)
    private func setWord(_ index: Int, _ value: UInt64) {
        (base + 8 * index).assumingMemoryBound(to: Atomic<UInt64>.self).pointee.store(value, ordering: .relaxed)
    }

    var isFiller: Bool { word(0) & Self.filler == Self.filler }
    var bucket: Int { Int(word(0) & Self.filler) }
    var space: UInt32 { UInt32(truncatingIfNeeded: word(0) >> 32) }

    /// What an entry says of itself, read once.
    struct Shape {
        private let bits: UInt64

        @inline(__always)
        init(bits: UInt64) {
            self.bits = bits
        }

        init(messageBytes: Int, isPresent: Bool, keyBytes: Int, revision: UInt32) {
            bits = UInt64(messageBytes) | (isPresent ? 1 << 24 : 0) | UInt64(keyBytes) << 25 | UInt64(revision) << 40
        }

        var word: UInt64 { bits }
        @inline(__always) var messageBytes: Int { Int(bits & 0xff_ffff) }
        @inline(__always) var isPresent: Bool { bits & 1 << 24 != 0 }
        @inline(__always) var keyBytes: Int { Int(bits >> 25 & 0x7fff) }
        @inline(__always) var revision: UInt32 { UInt32(truncatingIfNeeded: bits >> 40) }
        /// To the end of the message.
        @inline(__always) var bytes: Int { HotEntry.headerBytes + keyBytes + messageBytes }
        /// To the next entry.
        @inline(__always) var alignedBytes: Int { (bytes + 7) & ~7 }
    }

    @inline(__always) var shape: Shape { Shape(bits: word(1)) }
    @inline(__always) var key: UnsafeMutableRawPointer { base + Self.headerBytes }

    @inline(__always)
    func hasKey(_ other: UnsafeRawBufferPointer) -> Bool {
        guard let start = other.baseAddress else { return true }
        return memcmp(key, start, other.count) == 0
    }

    func write(
        bucket: Int, space: UInt32, _ shape: Shape, key bytes: UnsafeRawBufferPointer, message: UnsafeRawBufferPointer
    ) {
        setWord(0, UInt64(bucket) | UInt64(space) << 32)
        setWord(1, shape.word)
        if let start = bytes.baseAddress { key.copyMemory(from: start, byteCount: bytes.count) }
        if let start = message.baseAddress { (key + bytes.count).copyMemory(from: start, byteCount: message.count) }
    }

    func writeFiller() {
        setWord(0, Self.filler)
    }
}
