package import Catalog
internal import Processors
internal import Tables

/// Rows of the tables that a batch joins, read from files as a load reads them.
package struct JoinedTables: Sendable {
    /// By id, as the plans know them.
    package let tables: [UInt32: TableEntry]
    let lookup: any TableLookup
    /// The files that the rows are from.
    let sources: [LoadManifest.Source]

    /// For tables without joins.
    package init() {
        tables = [:]
        lookup = NoTables()
        sources = []
    }

    /// The files have all columns of their table, whatever fills it elsewhere. `folder` is empty, and the caller's to remove.
    package init(
        _ given: [(table: TableEntry, paths: [String])], nullText: String?, folder: String
    ) throws(BulkLoadError) {
        var entries: [TableEntry] = []
        var sources: [LoadManifest.Source] = []
        for (table, _) in given { entries.append(table.loaded) }
        let store = try BatchStore(folder: "\(folder)/joined", entries)
        for (entry, paths) in zip(entries, given.map(\.paths)) {
            let builder = VersionBuilder(
                descriptor: LoadDescriptor(table: entry, shardCount: BatchStore.shardCount),
                sources: try SourceFiles(paths), nullText: nullText, folder: "\(folder)/load-\(entry.id)")
            let built = try builder.build()
            sources += built.manifest.sources
            do {
                try store.tables.ingest(files: built.files, table: entry.id, version: entry.servingVersion)
            } catch {
                throw BulkLoadError(batch: error, "taking over rows of \(entry.name)")
            }
        }
        tables = Dictionary(uniqueKeysWithValues: given.map { ($0.table.id, $0.table) })
        lookup = ServedTables(store.tables)
        self.sources = sources
    }
}

extension TableEntry {
    /// A table of the same rows that a load fills: what fills this one is not run.
    fileprivate var loaded: TableEntry {
        let columns = columns.map { TableColumn(number: $0.number, name: $0.name, type: $0.type) }
        return TableEntry(
            id: id, name: name, schemaRevision: schemaRevision, keyColumns: keyColumns,
            shardColumnCount: shardColumnCount,
            stateFields: columns.map { StateField(number: $0.number, name: $0.name, monoid: nil, types: [$0.type]) },
            aggregates: [], columns: columns, nextFieldNumber: nextFieldNumber, source: .loads, sql: sql,
            versions: [VersionEntry(number: 1, createdAt: 0, origin: "files")], servingVersion: 1, nextVersion: 2)
    }
}
