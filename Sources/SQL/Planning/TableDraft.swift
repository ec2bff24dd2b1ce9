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

extension TableEntry {
    /// What it has otherwise than `wanted`; nil for nothing. Versions and numbers of later loads do not count.
    func difference(from wanted: TableEntry) -> String? {
        if keyColumns != wanted.keyColumns {
            return "the key (\(keyColumns.map { "\($0.name) \($0.type.rawValue)" }.joined(separator: ", ")))"
        }
        if pane != wanted.pane { return pane.map { "panes of \(duration($0.widthMicroseconds))" } ?? "no panes" }
        if shardColumnCount != wanted.shardColumnCount {
            return "SHARD BY (\(keyColumns.prefix(shardColumnCount).map(\.name).joined(separator: ", ")))"
        }
        if columns.map(\.name) != wanted.columns.map(\.name) || columns.map(\.type) != wanted.columns.map(\.type) {
            return "the columns (\(columns.map { "\($0.name) \($0.type.rawValue)" }.joined(separator: ", ")))"
        }
        if columns != wanted.columns || aggregates != wanted.aggregates || stateFields != wanted.stateFields
            || source != wanted.source
        {
            return "another query"
        }
        return nil
    }
}
