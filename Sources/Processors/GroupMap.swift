internal import Records
internal import Tables

// Grouping is the part of a processor that touches memory at random, once for every record and table. So the map is
// open addressing over one flat array: half of each entry is the slot, the other half a piece of the hash, so that a
// key is compared only when it is almost certainly the right one, and keys lie one after another in one arena in the
// order of their slots, ready to be handed to the table store as they are.
//
// Most rows have a key that the map knows and finds at once: those are looked up side by side (see `GroupLookup`), and then
// the others one after another.

/// Numbers the distinct keys that it is shown: 0, 1, 2, ... in the order in which they first come.
struct GroupMap {
    /// Stands for a row that belongs to no group.
    static let noSlot = UInt32.max

    /// The key of each slot.
    private(set) var keys = ByteStrings()
    /// Of each slot's key; growing needs them, and never hashes again.
    private var hashes: [UInt64] = []
    /// The upper half of a hash, then slot + 1; 0 is free. A power of two in size, at most half full.
    private var entries: [UInt64]
    /// Scratch: the rows whose keys are not found at once, or new.
    private var remaining: [Int] = []

    private static let leastCapacity = 1024

    init() {
        entries = [UInt64](repeating: 0, count: Self.leastCapacity)
    }

    var count: Int { keys.count }

    var byteCount: Int { keys.arena.count + keys.ends.count * 16 + entries.count * 8 }

    /// The slots of the rows from `first` on; `noSlot` for those before it and those that are passed over.
    mutating func assign(_ rows: KeyedRows, from first: Int = 0, to slots: inout [UInt32]) {
        let keys = rows.keys
        precondition(rows.slots.count == keys.ends.count && keys.hashes.count == keys.ends.count)
        if slots.count != rows.slots.count { slots = [UInt32](repeating: 0, count: rows.slots.count) }
        let first = min(first, slots.count)
        reserve(count + slots.count - first)
        var remaining: [Int] = []
        swap(&remaining, &self.remaining)
        slots.withUnsafeMutableBufferPointer { slots in
            for row in 0..<first { slots[row] = Self.noSlot }
            withLookup { lookup in
                rows.withUnsafeRows { lookup.find($0, from: first, slots, &remaining) }
            }
        }
        keys.arena.withUnsafeBytes { arena in
            for row in remaining {
                let key = UnsafeRawBufferPointer(rebasing: arena[keys.range(at: row)])
                slots[row] = slot(of: key, hash: keys.hashes[row])
            }
        }
        remaining.removeAll(keepingCapacity: true)
        self.remaining = remaining
    }

    private func withLookup(_ body: (GroupLookup) -> Void) {
        entries.withUnsafeBufferPointer { entries in
            keys.arena.withUnsafeBytes { arena in
                keys.ends.withUnsafeBufferPointer { body(GroupLookup(entries: entries, arena: arena, ends: $0)) }
            }
        }
    }

    /// The keys as the table store wants them, in the order of their slots.
    func storageKeys(_ storageKey: StorageKey) -> ByteStrings {
        var result = ByteStrings()
        do {
            try storageKey.encode(keys, into: &result)
        } catch {
            preconditionFailure("a key that this room encoded cannot be read: \(error)")
        }
        return result
    }

    mutating func removeAll() {
        let used = count
        keys.arena.removeAll(keepingCapacity: true)
        keys.ends.removeAll(keepingCapacity: true)
        hashes.removeAll(keepingCapacity: true)
        // After a burst the next checkpoints should not each clear an array that is almost empty.
        let capacity =
            entries.count > Self.leastCapacity && used * 16 < entries.count ? entries.count / 2 : entries.count
        if capacity == entries.count {
            entries.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
        } else {
            entries = [UInt64](repeating: 0, count: capacity)
        }
    }

    private mutating func slot(of key: UnsafeRawBufferPointer, hash: UInt64) -> UInt32 {
        let fingerprint = hash & GroupLookup.fingerprintMask
        let mask = entries.count - 1
        var index = Int(truncatingIfNeeded: hash) & mask
        while true {
            let entry = entries[index]
            if entry == 0 { break }
            if entry & GroupLookup.fingerprintMask == fingerprint {
                let slot = Int(truncatingIfNeeded: entry & 0xffff_ffff) - 1
                let isKey = keys.arena.withUnsafeBytes {
                    GroupLookup.isEqual(key, UnsafeRawBufferPointer(rebasing: $0[keys.range(at: slot)]))
                }
                if isKey { return UInt32(truncatingIfNeeded: slot) }
            }
            index = (index + 1) & mask
        }
        let slot = keys.count
        keys.append(key)
        hashes.append(hash)
        entries[index] = fingerprint | UInt64(slot + 1)
        return UInt32(slot)
    }

    /// Makes room for `groups` keys, so that `slot(of:)` need not look.
    private mutating func reserve(_ groups: Int) {
        guard groups * 2 > entries.count else { return }
        var capacity = entries.count
        while capacity < groups * 2 { capacity *= 2 }
        var grown = [UInt64](repeating: 0, count: capacity)
        let mask = capacity - 1
        for (slot, hash) in hashes.enumerated() {
            var index = Int(truncatingIfNeeded: hash) & mask
            while grown[index] != 0 { index = (index + 1) & mask }
            grown[index] = hash & GroupLookup.fingerprintMask | UInt64(slot + 1)
        }
        entries = grown
    }
}
