internal import Catalog
internal import Categories
internal import Processors
internal import Tables

/// How far apps have come by what their tables have stored, whether they run or not: what a stopped app shows, what lag a
/// category's readers have, and what retention must leave.
struct StoredProgress: Sendable {
    let catalog: CatalogStore
    let categories: CategoryStore
    let tables: TableStore

    /// One bucket of a category, as the version that is furthest behind has it.
    struct Place {
        /// Of the next record to apply.
        var offset: Int64
        /// When the record before it was appended; 0 where there is none.
        var appendTime: Int64
    }

    /// By category, its buckets in their order.
    func places(of app: AppEntry, in snapshot: CatalogSnapshot) -> [UInt32: [Place]] {
        var places: [UInt32: [Place]] = [:]
        for table in app.tableIDs.compactMap({ snapshot.table(id: $0) }) {
            guard let input = app.input(of: table), let category = snapshot.category(id: input.categoryID) else {
                continue
            }
            for version in table.versions {
                // A version that is gone since needs nothing.
                guard let stored = try? tables.positions(table: table.id, version: version.number) else { continue }
                let own = (0..<category.bucketCount).map { bucket in
                    place(input, version, bucket, stored[PositionKey(category: category.id, bucket: bucket)])
                }
                places[category.id] =
                    places[category.id].map { zip($0, own).map { $0.offset <= $1.offset ? $0 : $1 } } ?? own
            }
        }
        return places
    }

    private func place(
        _ input: InputTableEntry, _ version: VersionEntry, _ bucket: Int, _ stored: StoredPosition?
    ) -> Place {
        if let stored { return Place(offset: stored.offset, appendTime: stored.appendTime) }
        var input = input
        if let backfill = version.backfill { input.startOffsets = backfill.startOffsets }
        let start = categories.start(category: input.categoryID, bucket: bucket)
        return Place(offset: max(start, input.startOffset(ofBucket: bucket)), appendTime: 0)
    }

    /// As a runner would show them.
    func buckets(of app: AppEntry, now: Int64) -> [AppRunnerStatus.Bucket] {
        let snapshot = catalog.snapshot
        return places(of: app, in: snapshot).sorted { $0.key < $1.key }.flatMap { id, places in
            places.enumerated().map { bucket, place in
                let end = categories.end(category: id, bucket: bucket)
                return AppRunnerStatus.Bucket(
                    category: id, categoryName: snapshot.category(id: id)?.name ?? "", bucket: bucket,
                    position: place.offset, end: max(end, place.offset),
                    freshness: place.offset >= end ? now : place.appendTime)
            }
        }
    }
}

extension AppEntry {
    /// The input table that fills the table; nil where loads do.
    func input(of table: TableEntry) -> InputTableEntry? {
        guard let name = table.source.inputTable?.lowercased() else { return nil }
        return inputTables.first { $0.name.lowercased() == name }
    }
}
