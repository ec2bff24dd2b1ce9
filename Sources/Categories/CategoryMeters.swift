package import Catalog
internal import Synchronization

/// How a category is appended to.
package struct CategoryFigures: Hashable, Sendable {
    /// Over the last seconds.
    package internal(set) var recordsPerSecond: Double = 0
    /// Of keys and values.
    package internal(set) var bytesPerSecond: Double = 0
    /// Beyond the quota, since the log was opened.
    package internal(set) var refusedAppends: UInt64 = 0
    /// Landed before, since the log was opened.
    package internal(set) var duplicateAppends: UInt64 = 0

    package init() {}
}

/// What the records of one write come to, by category.
struct AppendTally: Hashable, Sendable {
    var records = 0
    var bytes = 0
    var duplicates = 0
}

/// Counts what is appended, and holds clients to their quotas.
final class CategoryMeters: Sendable {
    /// Of a rate, in whole seconds that are over.
    private static let seconds: Int64 = 5

    private let meters = Mutex<[UInt32: Meter]>([:])

    private struct Meter {
        var quota: TokenBucket?
        var figures = CategoryFigures()
        /// By second, modulo their count; a slot that is not of its second is empty.
        var slots = [Slot](repeating: Slot(), count: Int(seconds) + 1)

        struct Slot {
            var second: Int64 = -1
            var records = 0
            var bytes = 0
        }

        mutating func add(_ tally: AppendTally, second: Int64) {
            let index = Int(second % Int64(slots.count))
            if slots[index].second != second { slots[index] = Slot(second: second) }
            slots[index].records += tally.records
            slots[index].bytes += tally.bytes
            figures.duplicateAppends += UInt64(tally.duplicates)
        }
    }

    func add(_ tallies: [UInt32: AppendTally], now: Int64) {
        meters.withLock { meters in
            for (category, tally) in tallies {
                meters[category, default: Meter()].add(tally, second: max(0, now / 1_000_000))
            }
        }
    }

    func figures(of category: UInt32, now: Int64) -> CategoryFigures {
        guard let meter = meters.withLock({ $0[category] }) else { return CategoryFigures() }
        var figures = meter.figures
        let now = now / 1_000_000
        for slot in meter.slots where slot.second >= now - Self.seconds && slot.second < now {
            figures.recordsPerSecond += Double(slot.records) / Double(Self.seconds)
            figures.bytesPerSecond += Double(slot.bytes) / Double(Self.seconds)
        }
        return figures
    }

    func admit(_ byteCount: Int, to category: CategoryEntry, now: Int64) throws(CategoriesError) {
        guard let quota = category.quotaBytesPerSecond else { return }
        let wait: Int64? = meters.withLock { meters in
            var meter = meters[category.id] ?? Meter()
            // A deploy may have changed it.
            var bucket = meter.quota.flatMap { $0.isOf(quota) ? $0 : nil } ?? TokenBucket(perSecond: quota, now: now)
            let wait = bucket.take(byteCount, now: now)
            meter.quota = bucket
            if wait != nil { meter.figures.refusedAppends += 1 }
            meters[category.id] = meter
            return wait
        }
        guard let wait else { return }
        throw CategoriesError(
            .overloaded,
            "category \(category.name) takes \(quota) bytes a second and has had them: try again in \((wait + 999) / 1000) ms"
        )
    }

    func remove(_ category: UInt32) {
        meters.withLock { $0[category] = nil }
    }
}
