internal import Bytes

/// The keys that come most often in a stream that is too long to count, in the memory of a few: SpaceSaving (Metwally, Agrawal,
/// El Abbadi, "Efficient Computation of Frequent and Top-k Elements in Data Streams", 2005).
///
/// A key that has no count takes over the one of the rarest key, and what that had counted as its error. So a count is never too
/// low; it is too high by its error at most; no error is more than `total / capacity`; and every key that came more often than
/// that is there. Sketches of parts of a stream are added up with the same bounds (`HotKeys`).
///
/// Its memory is made once. Both searches go through arrays of a few KiB: an index of keys would cost more than it saves.
package final class SpaceSaving {
    /// Longer keys are counted too, and only their hash is known.
    package static let greatestKeyBytes = 96

    package struct Entry: Hashable, Sendable {
        package var hash: UInt64
        /// nil for a long one.
        package var key: [UInt8]?
        package var count: UInt64
        /// Of these, what may belong to other keys.
        package var error: UInt64
    }

    private static let longKey = UInt8.max

    package let capacity: Int
    private let hashes: UnsafeMutableBufferPointer<UInt64>
    private let counts: UnsafeMutableBufferPointer<UInt64>
    private let errors: UnsafeMutableBufferPointer<UInt64>
    private let lengths: UnsafeMutableBufferPointer<UInt8>
    private let keys: UnsafeMutableRawBufferPointer
    private var used = 0
    /// Weights of all that came.
    package private(set) var total: UInt64 = 0

    package init(capacity: Int) {
        precondition(capacity > 0)
        self.capacity = capacity
        hashes = .allocate(capacity: capacity)
        counts = .allocate(capacity: capacity)
        errors = .allocate(capacity: capacity)
        lengths = .allocate(capacity: capacity)
        keys = .allocate(byteCount: capacity * Self.greatestKeyBytes, alignment: 8)
        hashes.initialize(repeating: 0)
        counts.initialize(repeating: 0)
        errors.initialize(repeating: 0)
        lengths.initialize(repeating: 0)
    }

    deinit {
        hashes.deallocate()
        counts.deallocate()
        errors.deallocate()
        lengths.deallocate()
        keys.deallocate()
    }

    /// The count of the rarest key, once every count is taken: what a key that is not there may have come at most.
    package var leastCount: UInt64 { used < capacity ? 0 : counts[place(ofLeast: used)] }

    /// Counts a key with a weight: 1, or as many as a sample stands for.
    package func add(_ key: UnsafeRawBufferPointer, weight: UInt64 = 1) {
        let hash = xxh3(key)
        total &+= weight
        for place in 0..<used where hashes[place] == hash {
            counts[place] &+= weight
            return
        }
        let place: Int
        if used < capacity {
            place = used
            used += 1
            counts[place] = weight
            errors[place] = 0
        } else {
            place = self.place(ofLeast: used)
            errors[place] = counts[place]
            counts[place] &+= weight
        }
        hashes[place] = hash
        keep(key, at: place)
    }

    private func place(ofLeast used: Int) -> Int {
        var least = 0
        for place in 1..<max(used, 1) where counts[place] < counts[least] { least = place }
        return least
    }

    private func keep(_ key: UnsafeRawBufferPointer, at place: Int) {
        guard key.count <= Self.greatestKeyBytes else {
            lengths[place] = Self.longKey
            return
        }
        lengths[place] = UInt8(key.count)
        UnsafeMutableRawBufferPointer(rebasing: keys[(place * Self.greatestKeyBytes)...]).copyMemory(from: key)
    }

    /// In no order.
    package var entries: [Entry] {
        (0..<used).map { place in
            let start = place * Self.greatestKeyBytes
            let key = lengths[place] == Self.longKey ? nil : [UInt8](keys[start..<start + Int(lengths[place])])
            return Entry(hash: hashes[place], key: key, count: counts[place], error: errors[place])
        }
    }

    /// Back to nothing, with the memory that it has.
    package func removeAll() {
        used = 0
        total = 0
    }
}
