internal import Records
internal import Tables

// Grouping is the part of a processor that touches memory at random, once for every record and table. So the map is
// open addressing over one flat array: half of each entry is the slot, the other half a piece of the hash, so that a
// key is compared only when it is almost certainly the right one, and keys lie one after another in one arena in the
// order of their slots, ready to be handed to the table store as they are.

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
        reserve(count + slots.count - first)
        keys.arena.withUnsafeBytes { arena in
            slots.withUnsafeMutableBufferPointer { slots in
                for row in 0..<min(first, slots.count) { slots[row] = Self.noSlot }
                for row in min(first, slots.count)..<slots.count {
                    guard rows.slots[row] != Self.noSlot else {
                        slots[row] = Self.noSlot
                        continue
                    }
                    let key = UnsafeRawBufferPointer(rebasing: arena[keys.range(at: row)])
                    slots[row] = slot(of: key, hash: keys.hashes[row])
                }
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
        let fingerprint = hash & 0xffff_ffff_0000_0000
        let mask = entries.count - 1
        var index = Int(truncatingIfNeeded: hash) & mask
        while true {
            let entry = entries[index]
            if entry == 0 { break }
            if entry & 0xffff_ffff_0000_0000 == fingerprint {
                let slot = Int(truncatingIfNeeded: entry & 0xffff_ffff) - 1
                if isKey(key, at: slot) { return UInt32(truncatingIfNeeded: slot) }
            }
            index = (index + 1) & mask
        }
        let slot = keys.count
        keys.append(key)
        hashes.append(hash)
        entries[index] = fingerprint | UInt64(slot + 1)
        return UInt32(slot)
    }

    @inline(__always)
    private func isKey(_ key: UnsafeRawBufferPointer, at slot: Int) -> Bool {
        let start = slot == 0 ? 0 : keys.ends[slot - 1]
        guard keys.ends[slot] - start == key.count else { return false }
        return keys.arena.withUnsafeBytes { arena in
            isEqual(UnsafeRawBufferPointer(rebasing: arena[start..<start + key.count]), key)
        }
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
            grown[index] = hash & 0xffff_ffff_0000_0000 | UInt64(slot + 1)
        }
        entries = grown
    }
}

/// Of two buffers of one length. Keys are short: a call of `memcmp` costs more than these few words. The last word
/// overlaps the one before it, so that keys of nearly the same length take the same branches.
@inline(__always)
private func isEqual(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
    let count = a.count
    guard count >= 8 else { return a.elementsEqual(b) }
    var offset = 0
    while offset < count - 8 {
        if word(a, offset) != word(b, offset) { return false }
        offset += 8
    }
    return word(a, count - 8) == word(b, count - 8)
}

@inline(__always)
private func word(_ buffer: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
    buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
}
