internal import Catalog
internal import Expressions
internal import Records

/// What a CREATE TABLE resolved to, before it has an id.
struct TableDraft {
    var keyColumns: [KeyColumn]
    var shardColumnCount: Int
    var stateFields: [StateField]
    var aggregates: [AggregateColumn] = []
    var columns: [TableColumn]
    var nextFieldNumber: Int
    var pane: Pane?
    var source: TableSource

    func entry(
        id: UInt32, name: String, app: String?, sql: String, versions: [VersionEntry]
    ) -> TableEntry {
        let newest = versions.last?.number ?? 0
        return TableEntry(
            id: id, name: name, keyColumns: keyColumns, shardColumnCount: shardColumnCount, stateFields: stateFields,
            aggregates: aggregates, columns: columns, nextFieldNumber: nextFieldNumber, pane: pane, source: source,
            app: app, sql: sql, versions: versions, servingVersion: newest, nextVersion: newest + 1)
    }
}
