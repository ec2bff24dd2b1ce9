internal import Catalog
internal import Processors
internal import Tables

/// Where the records of one version come from.
final class TableFeed: Sendable {
    /// nil where loads alone fill the table.
    let category: CategoryEntry?
    /// By bucket, the first record that counts where nothing was applied yet.
    let starts: [Int64]
    /// When the version was made, microseconds since 1970.
    let madeAt: Int64

    /// nil where the catalog has no such version.
    init?(of id: VersionID, in snapshot: CatalogSnapshot) {
        guard let table = snapshot.table(id: id.table),
            let version = table.versions.first(where: { $0.number == id.version })
        else { return nil }
        madeAt = version.createdAt
        // A table that its app left behind is as fresh as it was then, until its category gets more records.
        var input = table.app.flatMap { snapshot.app(named: $0)?.input(of: table) } ?? table.keptInput
        if let backfill = version.backfill { input?.startOffsets = backfill.startOffsets }
        category = input.flatMap { snapshot.category(id: $0.categoryID) }
        starts = (0..<(category?.bucketCount ?? 0)).map { input?.startOffset(ofBucket: $0) ?? 0 }
    }
}
