internal import Catalog
internal import Categories
internal import Processors
internal import Tables

/// How far apps have come by what their tables and outputs have stored, whether they run or not: what a stopped app shows, how
/// much a version still has to apply, who reads a category, and what retention must leave.
struct StoredProgress: Sendable {
    let catalog: CatalogStore
    let categories: CategoryStore
    let tables: TableStore

    /// Where something stands in one bucket.
    struct Place {
        /// Of the next record to apply.
        var offset: Int64
        /// When the record before it was appended; 0 where there is none.
        var appendTime: Int64
    }

    /// Of one version, in every bucket of its category; nil where no category feeds it, or it is gone. Throws while the table
    /// store cannot be read.
    func places(
        of version: VersionEntry, of table: TableEntry, in snapshot: CatalogSnapshot
    ) throws(TablesError) -> (category: CategoryEntry, places: [Place])? {
        guard let app = table.app.flatMap({ snapshot.app(named: $0) }), var input = app.input(of: table) else {
            return nil
        }
        if let backfill = version.backfill { input.startOffsets = backfill.startOffsets }
        return try places(of: .table(VersionID(table: table.id, version: version.number)), input, in: snapshot)
    }

    private func places(
        of sink: SinkID, _ input: InputTableEntry, in snapshot: CatalogSnapshot
    ) throws(TablesError) -> (category: CategoryEntry, places: [Place])? {
        guard let category = snapshot.category(id: input.categoryID) else { return nil }
        let stored: [PositionKey: StoredPosition]
        do {
            stored = try tables.positions(of: sink)
        } catch {
            if error.code == .notFound { return nil }
            throw error
        }
        let places = (0..<category.bucketCount).map { bucket in
            if let position = stored[PositionKey(category: category.id, bucket: bucket)] {
                return Place(offset: position.offset, appendTime: position.appendTime)
            }
            let start = categories.start(category: category.id, bucket: bucket)
            return Place(offset: max(start, input.startOffset(ofBucket: bucket)), appendTime: 0)
        }
        return (category, places)
    }

    /// Of an output category; nil for one of panes, which goes by the positions of its table.
    func places(
        of output: CategoryEntry, filledBy app: AppEntry, in snapshot: CatalogSnapshot
    ) throws(TablesError) -> (category: CategoryEntry, places: [Place])? {
        guard case .records(let query)? = output.output, let input = app.input(named: query.input) else { return nil }
        return try places(of: .category(output.id), input, in: snapshot)
    }

    /// Of whatever of an app is furthest behind, in every bucket of the categories that it reads. Standbys are written more
    /// rarely than what serves, and nobody reads them.
    func places(
        of app: AppEntry, in snapshot: CatalogSnapshot, withStandbys: Bool
    ) throws(TablesError) -> [UInt32: [Place]] {
        var all: [(category: CategoryEntry, places: [Place])?] = []
        for table in app.tableIDs.compactMap({ snapshot.table(id: $0) }) {
            for version in table.versions where withStandbys || version.number == table.servingVersion {
                all.append(try places(of: version, of: table, in: snapshot))
            }
        }
        for output in app.outputIDs.compactMap({ snapshot.category(id: $0) }) {
            all.append(try places(of: output, filledBy: app, in: snapshot))
        }
        return all.reduce(into: [:]) { least, next in
            guard let (category, places) = next else { return }
            least[category.id] =
                least[category.id].map { zip($0, places).map { $0.offset <= $1.offset ? $0 : $1 } } ?? places
        }
    }

    /// As a runner would show them.
    func buckets(of app: AppEntry, now: Int64) -> [AppRunnerStatus.Bucket] {
        let snapshot = catalog.snapshot
        let places = (try? places(of: app, in: snapshot, withStandbys: false)) ?? [:]
        return places.sorted { $0.key < $1.key }.flatMap { id, places in
            places.enumerated().map { bucket, place in
                AppRunnerStatus.Bucket(
                    category: id, categoryName: snapshot.category(id: id)?.name ?? "", bucket: bucket,
                    position: place.offset, end: max(categories.end(category: id, bucket: bucket), place.offset),
                    freshness: freshness(of: place, category: id, bucket, now: now))
            }
        }
    }

    // MARK: Versions

    /// How many records a version has yet to apply that the serving one has applied already; `.max` where that is not known.
    func distance(of version: VersionEntry, of table: TableEntry, in snapshot: CatalogSnapshot) -> Int64 {
        guard let serving = table.versions.first(where: { $0.number == table.servingVersion }),
            let own = try? places(of: version, of: table, in: snapshot),
            let others = try? places(of: serving, of: table, in: snapshot)
        else { return .max }
        return zip(own.places, others.places).reduce(0) { $0 + max(0, $1.1.offset - $1.0.offset) }
    }

    /// Records that a version has yet to apply, and the append time up to which it has applied all; nil where no category
    /// feeds it.
    func lag(
        of version: VersionEntry, of table: TableEntry, in snapshot: CatalogSnapshot, now: Int64
    ) -> (records: Int64, freshness: Int64)? {
        (try? places(of: version, of: table, in: snapshot)).map { lag(of: $0.places, in: $0.category, now: now) }
    }

    private func lag(
        of places: [Place], in category: CategoryEntry, now: Int64
    ) -> (records: Int64, freshness: Int64) {
        var lag: (records: Int64, freshness: Int64) = (0, now)
        for (bucket, place) in places.enumerated() {
            let end = categories.end(category: category.id, bucket: bucket)
            if place.offset >= end { continue }
            lag.records += end - place.offset
            lag.freshness = min(lag.freshness, freshness(of: place, category: category.id, bucket, now: now))
        }
        return lag
    }

    private func freshness(of place: Place, category: UInt32, _ bucket: Int, now: Int64) -> Int64 {
        categories.freshness(
            category: category, bucket: bucket, appliedBefore: place.offset, lastAppendTime: place.appendTime, now: now)
    }

    // MARK: Readers

    /// An app that reads a category, and where whatever of it is furthest behind stands. Its lag is that of what is served.
    struct Reader {
        var app: String
        /// By bucket.
        var positions: [Int64]
        var lagRecords: Int64
        /// 0 where it has read everything, or nothing yet.
        var lagMicroseconds: Int64
    }

    /// Everybody whose position retention waits for, stopped apps among them. A table that its app left behind is none: it
    /// would hold back what nobody may ever apply.
    func readers(
        of category: CategoryEntry, in snapshot: CatalogSnapshot, now: Int64
    ) throws(TablesError) -> [Reader] {
        var readers: [Reader] = []
        for app in snapshot.apps.values.sorted(by: { $0.name < $1.name }) {
            guard let places = try places(of: app, in: snapshot, withStandbys: true)[category.id] else { continue }
            let serving = try self.places(of: app, in: snapshot, withStandbys: false)[category.id]
            let lag = lag(of: serving ?? places, in: category, now: now)
            readers.append(
                Reader(
                    app: app.name, positions: places.map(\.offset), lagRecords: lag.records,
                    lagMicroseconds: lag.records == 0 || lag.freshness == 0 ? 0 : max(0, now - lag.freshness)))
        }
        return readers
    }

    /// By bucket, the first record of a category that somebody has yet to apply; empty where nobody reads it. What a power
    /// loss may take back counts as not applied. Throws where that cannot be known.
    func needed(inCategory id: UInt32, in snapshot: CatalogSnapshot) throws(TablesError) -> [Int64] {
        guard let category = snapshot.category(id: id) else { return [] }
        let readers = try readers(of: category, in: snapshot, now: 0)
        // After the positions were read: what was written since may be lost, but not they.
        try tables.sync()
        guard let first = readers.first else { return [] }
        return readers.dropFirst().reduce(first.positions) { zip($0, $1.positions).map { min($0, $1) } }
    }
}

extension AppEntry {
    func input(named name: String) -> InputTableEntry? {
        inputTables.first { $0.name.lowercased() == name.lowercased() }
    }

    /// The input table that fills the table; nil where loads do.
    func input(of table: TableEntry) -> InputTableEntry? {
        table.source.inputTable.flatMap { input(named: $0) }
    }
}
