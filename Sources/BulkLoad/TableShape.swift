package import Catalog
internal import Records
internal import Tables

/// What a load has to know of its table. The client has it from the table's descriptor.
package struct TableShape: Hashable, Sendable {
    package var id: UInt32
    package var name: String
    package var schemaRevision: UInt32
    package var keyColumns: [KeyColumn]
    package var columns: [TableColumn]
    package var shardCount: Int
    package var shardColumnCount: Int

    package init(
        id: UInt32, name: String, schemaRevision: UInt32, keyColumns: [KeyColumn], columns: [TableColumn],
        shardCount: Int, shardColumnCount: Int
    ) {
        self.id = id
        self.name = name
        self.schemaRevision = schemaRevision
        self.keyColumns = keyColumns
        self.columns = columns
        self.shardCount = shardCount
        self.shardColumnCount = shardColumnCount
    }

    package init(of table: TableEntry, shardCount: Int) {
        self.init(
            id: table.id, name: table.name, schemaRevision: table.schemaRevision, keyColumns: table.keyColumns,
            columns: table.columns, shardCount: shardCount, shardColumnCount: table.shardColumnCount)
    }

    /// Key columns first: what a row of a source file has.
    var sourceColumns: [InputColumn] {
        keyColumns.map { InputColumn(name: $0.name, type: $0.type, path: [$0.name]) }
            + columns.map { InputColumn(name: $0.name, type: $0.type, path: [$0.name]) }
    }

    /// As the encoders of stored rows take it.
    var entry: TableEntry {
        TableEntry(
            id: id, name: name, schemaRevision: schemaRevision, keyColumns: keyColumns,
            shardColumnCount: shardColumnCount, stateFields: [], aggregates: [], columns: columns,
            nextFieldNumber: 0, source: .loads, sql: "", versions: [], servingVersion: 0, nextVersion: 0)
    }

    var storageKey: StorageKey { StorageKey(shardCount: shardCount, shardColumnCount: shardColumnCount) }
}
