/// The memory of a group map while nothing changes it.
///
/// A row waits for memory three times: for the entry, for the place of the key, for the key. Each wait has a loop of its own,
/// so that many rows wait together.
struct GroupLookup {
    static let fingerprintMask: UInt64 = 0xffff_ffff_0000_0000
    /// How many rows wait together.
    private static let stretch = 64

    let entries: UnsafeBufferPointer<UInt64>
    let arena: UnsafeRawBufferPointer
    let ends: UnsafeBufferPointer<Int>

    /// The memory of `KeyedRows`.
    struct Rows {
        let slots: UnsafeBufferPointer<UInt32>
        let arena: UnsafeRawBufferPointer
        let ends: UnsafeBufferPointer<Int>
        let hashes: UnsafeBufferPointer<UInt64>
    }

    /// The key that a row's key may be.
    private struct Candidate {
        /// -1 where there is none.
        var slot: Int
        var start = 0
        var end = 0
    }

    /// Of the rows from `first` on, the slots of those whose keys are found at once; appends the others to `remaining`.
    func find(
        _ rows: Rows, from first: Int, _ slots: UnsafeMutableBufferPointer<UInt32>, _ remaining: inout [Int]
    ) {
        withUnsafeTemporaryAllocation(of: Candidate.self, capacity: Self.stretch) { candidates in
            for start in stride(from: first, to: slots.count, by: Self.stretch) {
                let stretch = start..<min(start + Self.stretch, slots.count)
                for row in stretch { candidates.initializeElement(at: row - start, to: candidate(rows.hashes[row])) }
                for row in stretch { locate(&candidates[row - start]) }
                for row in stretch {
                    slots[row] = GroupMap.noSlot
                    if rows.slots[row] == GroupMap.noSlot { continue }
                    let key = rows.arena[(row == 0 ? 0 : rows.ends[row - 1])..<rows.ends[row]]
                    if isKey(UnsafeRawBufferPointer(rebasing: key), candidates[row - start]) {
                        slots[row] = UInt32(truncatingIfNeeded: candidates[row - start].slot)
                    } else {
                        remaining.append(row)
                    }
                }
            }
        }
    }

    /// Looks at two entries, which mostly come into the cache together.
    @inline(__always)
    private func candidate(_ hash: UInt64) -> Candidate {
        let mask = entries.count - 1
        let index = Int(truncatingIfNeeded: hash)
        let (first, second) = (entries[index & mask], entries[(index + 1) & mask])
        let entry = (first ^ hash) & Self.fingerprintMask == 0 ? first : second
        let isAlike = (entry ^ hash) & Self.fingerprintMask == 0
        return Candidate(slot: isAlike ? Int(truncatingIfNeeded: entry & ~Self.fingerprintMask) - 1 : -1)
    }

    @inline(__always)
    private func locate(_ candidate: inout Candidate) {
        guard candidate.slot >= 0 else { return }
        candidate.start = candidate.slot == 0 ? 0 : ends[candidate.slot - 1]
        candidate.end = ends[candidate.slot]
    }

    @inline(__always)
    private func isKey(_ key: UnsafeRawBufferPointer, _ candidate: Candidate) -> Bool {
        guard candidate.slot >= 0 else { return false }
        return Self.isEqual(key, UnsafeRawBufferPointer(rebasing: arena[candidate.start..<candidate.end]))
    }

    /// Keys are short: a call of `memcmp` costs more than these few words. The last word overlaps the one before it, so that
    /// keys of nearly the same length take the same branches.
    @inline(__always)
    static func isEqual(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
        let count = a.count
        guard count == b.count else { return false }
        guard count >= 8 else { return a.elementsEqual(b) }
        var offset = 0
        while offset < count - 8 {
            if word(a, offset) != word(b, offset) { return false }
            offset += 8
        }
        return word(a, count - 8) == word(b, count - 8)
    }

    @inline(__always)
    private static func word(_ buffer: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }
}

extension KeyedRows {
    func withUnsafeRows(_ body: (GroupLookup.Rows) -> Void) {
        keys.arena.withUnsafeBytes { arena in
            keys.ends.withUnsafeBufferPointer { ends in
                keys.hashes.withUnsafeBufferPointer { hashes in
                    slots.withUnsafeBufferPointer {
                        body(GroupLookup.Rows(slots: $0, arena: arena, ends: ends, hashes: hashes))
                    }
                }
            }
        }
    }
}
