internal import Catalog
internal import Processors

/// Which of an app's runners it is: the one that follows its inputs, or one that builds a version from their history.
struct RunnerID: Hashable {
    var app: UInt32
    /// nil for the one that follows.
    var building: Building?

    struct Building: Hashable {
        var table: UInt32
        var version: UInt32
    }
}

/// What a runner reads of the catalog: as long as that stays the same, so may the runner. Where it changes the runner ends
/// at a checkpoint and another one goes on, from the positions that the tables have.
struct RunnerPlan: Hashable {
    /// The app as this runner is to see it: one that builds a version sees nothing else.
    let app: AppEntry
    /// Its tables, with the versions that this runner fills.
    private let tables: [TableEntry]
    private let categories: [CategoryEntry]
    private let joined: [JoinedTable]

    private static let buildingSpacingMilliseconds = 200

    /// What a join needs of a table. A load of it, or a switch of its version, ends no runner.
    private struct JoinedTable: Hashable {
        let id: UInt32
        let keyColumns: [KeyColumn]
        let columns: [TableColumn]
    }

    /// Of every runner that there is to be.
    static func all(of catalog: CatalogSnapshot) -> [RunnerID: RunnerPlan] {
        var plans: [RunnerID: RunnerPlan] = [:]
        for app in catalog.apps.values where !app.isStopped {
            plans[RunnerID(app: app.id)] = RunnerPlan(following: app, in: catalog)
            for table in app.tableIDs.compactMap({ catalog.table(id: $0) }) {
                guard let version = table.buildingVersion, let backfill = version.backfill else { continue }
                let id = RunnerID(app: app.id, building: .init(table: table.id, version: version.number))
                plans[id] = RunnerPlan(building: version, from: backfill, of: table, app, in: catalog)
            }
        }
        return plans
    }

    private init(following app: AppEntry, in catalog: CatalogSnapshot) {
        let tables = app.tableIDs.compactMap { catalog.table(id: $0) }.map { table in
            table.with(versions: table.versions.filter { !$0.isBuilding })
        }
        self.init(app, tables, in: catalog)
    }

    /// The version begins where the backfill does, and fills no output category: what there was to emit was emitted.
    private init?(
        building version: VersionEntry, from backfill: Backfill, of table: TableEntry, _ app: AppEntry,
        in catalog: CatalogSnapshot
    ) {
        guard var input = app.input(of: table) else { return nil }
        input.startOffsets = backfill.startOffsets
        var app = app
        app.inputTables = [input]
        app.tableIDs = [table.id]
        app.outputIDs = []
        // Nobody reads it yet, but whoever waits for it to catch up looks at what is stored.
        app.options.checkpointMilliseconds = min(app.options.checkpointMilliseconds, Self.buildingSpacingMilliseconds)
        var table = table.with(versions: [version])
        // As soon as it is built it does: a standby is written rarely.
        table.servingVersion = version.number
        self.init(app, [table], in: catalog)
    }

    private init(_ app: AppEntry, _ tables: [TableEntry], in catalog: CatalogSnapshot) {
        self.app = app
        self.tables = tables
        let letters = catalog.category(named: DeadLetterCategory.name(ofApp: app.name))
        let outputs = app.outputIDs.compactMap { catalog.category(id: $0) }
        categories =
            app.inputTables.compactMap { catalog.category(id: $0.categoryID) } + outputs + (letters.map { [$0] } ?? [])
        joined = catalog.joins(of: app).compactMap { catalog.table(id: $0.tableID) }.map {
            JoinedTable(id: $0.id, keyColumns: $0.keyColumns, columns: $0.columns)
        }
    }

    /// The catalog as this runner is to see it.
    func view(of catalog: CatalogSnapshot) -> CatalogSnapshot {
        var view = catalog
        // Of the same id and name as before, so that nothing can be in the way.
        for table in tables { try? view.put(table) }
        return view
    }
}

extension TableEntry {
    /// What loads and readiness are held to, and which loads there were, is nothing to a runner, and nor is `nextVersion`.
    fileprivate func with(versions: [VersionEntry]) -> TableEntry {
        var table = self
        table.versions = versions
        table.nextVersion = 0
        table.loadLimits = nil
        table.maxLagMicroseconds = nil
        table.adoptedLoads = nil
        return table
    }
}
