package import Records
internal import Synchronization

/// One thread's share of finding hot keys: it looks at few of the keys that pass, and counts these.
///
/// What it costs is a subtraction for a batch of keys, and for a sample a search through a few KiB. It never waits: while somebody
/// reads its counts, which takes microseconds, samples are passed over.
package final class HotKeySampler: @unchecked Sendable {
    // What is not behind the lock belongs to the one thread that calls `note`.

    /// So many keys of a table are counted on a thread: one that has more than 1 in so many of the lookups is sure to be there.
    static let capacity = 128
    /// Tables that are counted; what comes beyond them is not.
    static let greatestTables = 256
    /// While there are few lookups all of them count, so that a table that is seldom asked shows its hot keys too.
    static let wholeKeys = 4096
    /// Afterwards one in so many, on average.
    static let meanGap = 64

    struct Counts {
        /// By table: those of this span of time, and of the one before, so that what is shown is never of a moment.
        var current: [UInt32: SpaceSaving] = [:]
        var former: [UInt32: SpaceSaving] = [:]
        var span = 0
    }

    let counts = Mutex(Counts())
    /// Keys to let pass before the next sample.
    private var gap = 0
    /// How many keys a sample stands for.
    private var weight = 1
    private var span = 0
    private var noted = 0
    private var random: UInt64

    init(seed: UInt64) {
        random = seed | 1
    }

    /// Takes notice of keys that are looked up in a table.
    package func note(_ keys: ByteStrings, table: UInt32) {
        let count = keys.ends.count
        if gap >= count {
            gap -= count
            return
        }
        sample(keys, table)
    }

    @inline(never)
    private func sample(_ keys: ByteStrings, _ table: UInt32) {
        let count = keys.ends.count
        var index = gap
        _ = counts.withLockIfAvailable { counts in
            if counts.span != span {
                span = counts.span
                noted = 0
                weight = 1
            }
            guard let sketch = sketch(of: table, in: &counts) else {
                index = max(index, count)
                return
            }
            keys.arena.withUnsafeBytes { arena in
                while index < count {
                    sketch.add(UnsafeRawBufferPointer(rebasing: arena[keys.range(at: index)]), weight: UInt64(weight))
                    index += nextGap()
                }
            }
        }
        gap = max(0, index - count)
    }

    private func sketch(of table: UInt32, in counts: inout Counts) -> SpaceSaving? {
        if let sketch = counts.current[table] { return sketch }
        guard counts.current.count < Self.greatestTables else { return nil }
        let sketch = SpaceSaving(capacity: Self.capacity)
        counts.current[table] = sketch
        return sketch
    }

    /// At random: keys of batches of one size would else always be looked at in the same place.
    private func nextGap() -> Int {
        if noted < Self.wholeKeys {
            noted += 1
            return 1
        }
        weight = Self.meanGap
        random ^= random << 13
        random ^= random >> 7
        random ^= random << 17
        return 1 + Int(random % UInt64(2 * Self.meanGap - 1))
    }

    /// Begins a new span of time. Tables that nobody asked for during two go.
    func beginSpan() {
        counts.withLock { counts in
            let recycled = counts.former.filter { $0.value.total > 0 || counts.current[$0.key]?.total ?? 0 > 0 }
            counts.former = counts.current
            for sketch in recycled.values { sketch.removeAll() }
            counts.current = recycled
            counts.span += 1
        }
    }
}
