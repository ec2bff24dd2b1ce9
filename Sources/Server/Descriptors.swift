internal import Catalog
internal import RPC
internal import Records
internal import SQL

// What the catalog knows, as the wire says it.

extension WireTableDescriptor {
    /// `input` is the input table that feeds it, as far as it is deployed.
    init(
        _ table: TableEntry, input entry: InputTableEntry?, shardCount: Int,
        figures: (VersionEntry) -> VersionFigures
    ) {
        self.init()
        id = table.id
        name = table.name
        schemaRevision = table.schemaRevision
        keyColumns = table.keyColumns.enumerated().map { index, column in
            var descriptor = WireColumnDescriptor()
            descriptor.name = column.name
            descriptor.type = column.type.rawValue
            descriptor.expression = entry.flatMap { table.sql(ofKey: index, over: $0) } ?? ""
            return descriptor
        }
        columns = table.columns.map { WireColumnDescriptor($0, of: table, over: entry) }
        states = table.stateFields.map(WireStateDescriptor.init)
        self.shardCount = UInt32(shardCount)
        shardColumns = UInt32(table.shardColumnCount)
        paneMicroseconds = table.pane?.widthMicroseconds ?? 0
        paneZone = table.pane?.zone ?? ""
        lifetimeMicroseconds = table.lifetimeMicroseconds ?? 0
        app = table.app ?? ""
        sql = table.sql
        switch table.source {
        case .loads: source = "loads"
        case .upsert(let query): (source, input) = ("upsert", query.input)
        case .aggregate(let query): (source, input) = ("aggregate", query.input)
        }
        servingVersion = table.servingVersion
        versions = table.versions.map { version in
            let figures = figures(version)
            var descriptor = WireVersionDescriptor()
            descriptor.number = version.number
            descriptor.createdAt = version.createdAt
            descriptor.origin = version.origin
            if let rows = version.loadedRows { descriptor.loadedRows = rows }
            descriptor.estimatedRows = figures.rows
            descriptor.bytes = figures.bytes
            descriptor.state = table.state(of: version)
            if let freshness = figures.freshness { descriptor.freshness = freshness }
            descriptor.lagRecords = figures.lag
            descriptor.failure = figures.failure
            descriptor.stragglers = figures.stragglers
            if let load = version.load { descriptor.take(load) }
            return descriptor
        }
        loadLimits = WireLoadLimits(table.loadLimits ?? LoadLimits())
    }
}

/// What changes about a version all the time.
struct VersionFigures {
    var rows: Int64 = 0
    var bytes: Int64 = 0
    /// nil where no category feeds it.
    var freshness: Int64?
    /// Records that it has yet to apply.
    var lag: Int64 = 0
    /// Records that it passed over, for its load holds everything before their event times.
    var stragglers: UInt64 = 0
    /// Why nothing is applied to it, where something is wrong.
    var failure = ""
}

extension WireColumnDescriptor {
    init(_ column: TableColumn, of table: TableEntry, over input: InputTableEntry?) {
        self.init()
        number = UInt32(column.number)
        name = column.name
        type = column.type.rawValue
        expression = input.flatMap { table.sql(of: column, over: $0) } ?? ""
    }
}

extension WireStateDescriptor {
    init(_ state: StateField) {
        self.init()
        number = UInt32(state.number)
        name = state.name
        monoid = state.monoid.map { "\($0)" } ?? ""
        types = state.types.map(\.rawValue)
    }
}

extension WireAppDescriptor {
    init(_ app: AppEntry, in catalog: CatalogSnapshot) {
        self.init()
        id = app.id
        name = app.name
        tables = app.tableIDs.compactMap { catalog.table(id: $0)?.name }.sorted()
        inputs = app.inputTables.map(\.name)
        deployedAt = app.deployedAt
        sql = app.sql
        generation = app.generation
        outputs = app.outputIDs.compactMap { catalog.category(id: $0)?.name }.sorted()
    }
}
