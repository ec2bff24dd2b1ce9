internal import Catalog
internal import Processors

/// What a runner reads of the catalog: as long as that stays the same, so may the runner. Where it changes the runner ends
/// at a checkpoint and another one goes on, from the positions that the tables have.
struct RunnerPlan: Hashable {
    private let app: AppEntry
    private let tables: [TableEntry]
    private let categories: [CategoryEntry]
    private let joined: [JoinedTable]

    /// What a join needs of a table. A load of it, or a switch of its version, ends no runner.
    private struct JoinedTable: Hashable {
        let id: UInt32
        let keyColumns: [KeyColumn]
        let columns: [TableColumn]
    }

    init(_ app: AppEntry, in catalog: CatalogSnapshot) {
        self.app = app
        tables = app.tableIDs.compactMap { catalog.table(id: $0) }
        let letters = catalog.category(named: DeadLetterCategory.name(ofApp: app.name))
        let outputs = app.outputIDs.compactMap { catalog.category(id: $0) }
        categories =
            app.inputTables.compactMap { catalog.category(id: $0.categoryID) } + outputs + (letters.map { [$0] } ?? [])
        let joins = tables.flatMap(\.source.joins) + outputs.flatMap { $0.output?.joins ?? [] }
        joined = joins.compactMap { catalog.table(id: $0.tableID) }.map {
            JoinedTable(id: $0.id, keyColumns: $0.keyColumns, columns: $0.columns)
        }
    }

    /// Of every app that is to run.
    static func all(of catalog: CatalogSnapshot) -> [UInt32: RunnerPlan] {
        catalog.apps.filter { !$0.value.isStopped }.mapValues { RunnerPlan($0, in: catalog) }
    }
}

extension OutputQuery {
    /// Of a record query; panes come from a table, which has its own.
    fileprivate var joins: [JoinClause] {
        switch self {
        case .records(let query): query.joins
        case .panes: []
        }
    }
}
