internal import Synchronization

/// The keys of tables that are asked for most, over all threads that answer lookups.
package final class HotKeys: Sendable {
    /// One that has a smaller share of its table's lookups is like many others.
    private static let leastShare = 0.005
    /// Fewer say nothing.
    private static let leastLookups: UInt64 = 16

    package struct Hottest: Sendable {
        /// Lookups that were reckoned with: of the last one to two spans of time.
        package var lookups: UInt64
        package var keys: [HotKey]
    }

    /// A key, and how often it came: `least` for certain, `greatest` at most.
    package struct HotKey: Hashable, Sendable {
        package var hash: UInt64
        /// As a tuple; nil for one that is too long to keep.
        package var key: [UInt8]?
        package var least: UInt64
        package var greatest: UInt64
    }

    private let samplers = Mutex<[HotKeySampler]>([])
    private let spanBegan = Mutex<Int64>(.min)

    package init() {}

    /// For one thread.
    package func makeSampler() -> HotKeySampler {
        samplers.withLock { samplers in
            let sampler = HotKeySampler(seed: UInt64(samplers.count + 1) &* 0x9E37_79B9_7F4A_7C15)
            samplers.append(sampler)
            return sampler
        }
    }

    /// What is older than a span or two counts no more. To be called now and then.
    package func look(now: Int64, spanMicroseconds: Int64) {
        let isOver = spanBegan.withLock { began in
            if began == .min { began = now }
            guard now - began >= spanMicroseconds else { return false }
            began = now
            return true
        }
        if isOver { beginSpan() }
    }

    func beginSpan() {
        for sampler in samplers.withLock({ $0 }) { sampler.beginSpan() }
    }

    /// The greatest shares first, up to `count` of them.
    package func hottest(of table: UInt32, count: Int) -> Hottest {
        var sum = SketchSum()
        for sampler in samplers.withLock({ $0 }) {
            sampler.counts.withLock { counts in
                for sketch in [counts.current[table], counts.former[table]] {
                    if let sketch { sum.add(sketch) }
                }
            }
        }
        guard sum.total >= Self.leastLookups else { return Hottest(lookups: sum.total, keys: []) }
        let least = UInt64(Double(sum.total) * Self.leastShare)
        let keys = sum.keys.filter { $0.least > least }.sorted { ($0.least, $0.hash) > ($1.least, $1.hash) }
        return Hottest(lookups: sum.total, keys: Array(keys.prefix(count)))
    }
}

/// Adds sketches up. A key that is not in one of them may have come there as often as its rarest key.
struct SketchSum {
    private(set) var total: UInt64 = 0
    private var entries: [UInt64: SpaceSaving.Entry] = [:]
    /// Of all sketches together, what a key may have come that is in none.
    private var unseen: UInt64 = 0

    mutating func add(_ sketch: SpaceSaving) {
        total += sketch.total
        let (former, least) = (unseen, sketch.leastCount)
        var missing = Set(entries.keys)
        for var entry in sketch.entries {
            if let known = entries[entry.hash] {
                entry.count += known.count
                entry.error += known.error
                entry.key = entry.key ?? known.key
                missing.remove(entry.hash)
            } else {
                entry.count += former
                entry.error += former
            }
            entries[entry.hash] = entry
        }
        for hash in missing {
            entries[hash]?.count += least
            entries[hash]?.error += least
        }
        unseen += least
    }

    var keys: [HotKeys.HotKey] {
        entries.values.map { entry in
            HotKeys.HotKey(
                hash: entry.hash, key: entry.key, least: entry.count - entry.error, greatest: entry.count)
        }
    }
}
