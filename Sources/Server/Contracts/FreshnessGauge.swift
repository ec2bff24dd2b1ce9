internal import Catalog
internal import Categories
internal import Processors
internal import Synchronization
internal import Tables

/// Tells how fresh versions are, as often as requests ask: no string is compared and no lock is held that a commit or an append waits
/// for longer than it takes to copy a reference.
///
/// A version that a category feeds is as fresh as the stalest of its buckets. One that a load made, and that nothing feeds since, is
/// as old as the load: nobody knows of anything newer that it has. So whoever asks for a table at most a day old hears of the
/// load that did not come.
final class FreshnessGauge: Sendable {
    private let catalog: CatalogStore
    private let categories: CategoryStore
    private let tables: TableStore
    private let known = Mutex(Known())

    private struct Known {
        var publication: UInt64 = 0
        var feeds: [VersionID: TableFeed] = [:]
    }

    init(catalog: CatalogStore, categories: CategoryStore, tables: TableStore) {
        self.catalog = catalog
        self.categories = categories
        self.tables = tables
    }

    /// nil where there is no such version any more.
    func feed(of id: VersionID) -> TableFeed? {
        // Before the snapshot, so that what is kept is never older than its number says.
        let publication = catalog.publication
        let known = self.known.withLock { $0.publication == publication ? $0.feeds[id] : nil }
        if let known { return known }
        guard let feed = TableFeed(of: id, in: catalog.snapshot) else { return nil }
        self.known.withLock { known in
            if known.publication != publication { known = Known(publication: publication) }
            known.feeds[id] = feed
        }
        return feed
    }

    /// The moment, in microseconds since 1970, up to which a version has everything: what was answered to an appender before it
    /// counts. To be asked before the rows are read that it is to vouch for, and with the time as it is then. nil where there is no such
    /// version.
    func freshness(of id: VersionID, now: Int64) -> Int64? {
        guard let feed = feed(of: id) else { return nil }
        guard let category = feed.category else { return feed.madeAt }
        let positions = tables.published(id)
        return feed.starts.indices.reduce(now) { least, bucket in
            let position = positions[PositionKey(category: category.id, bucket: bucket)]
            return min(
                least,
                categories.freshness(
                    category: category.id, bucket: bucket,
                    appliedBefore: position?.offset ?? start(of: feed, category.id, bucket),
                    lastAppendTime: position?.appendTime ?? 0, now: now))
        }
    }

    /// Of the next record to apply to a version.
    func offset(of id: VersionID, _ feed: TableFeed, bucket: Int) -> Int64 {
        guard let category = feed.category else { return 0 }
        return tables.published(id)[PositionKey(category: category.id, bucket: bucket)]?.offset
            ?? start(of: feed, category.id, bucket)
    }

    private func start(of feed: TableFeed, _ category: UInt32, _ bucket: Int) -> Int64 {
        let first = feed.starts.indices.contains(bucket) ? feed.starts[bucket] : 0
        return max(first, categories.start(category: category, bucket: bucket))
    }
}
