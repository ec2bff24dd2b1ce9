// Who looks up in a table: it must not go while somebody does, nor lose a column that is looked up.

extension CatalogSnapshot {
    /// The apps of which a table or an output category joins the table, by name; that of the table itself too.
    package func apps(joining table: UInt32) -> [AppEntry] {
        apps.values.filter { joins(of: $0).contains { $0.tableID == table } }.sorted { $0.name < $1.name }
    }

    /// The names of the table's columns that the app looks up, in lower case.
    package func columns(of table: UInt32, joinedBy app: AppEntry) -> Set<String> {
        Set(joins(of: app).filter { $0.tableID == table }.flatMap(\.columns).map { $0.name.lowercased() })
    }

    /// Of its tables and of its output categories.
    package func joins(of app: AppEntry) -> [JoinClause] {
        let ofTables = app.tableIDs.compactMap { table(id: $0) }.flatMap(\.source.joins)
        let ofOutputs = app.outputIDs.compactMap { category(id: $0)?.output }.flatMap { output -> [JoinClause] in
            if case .records(let query) = output { query.joins } else { [] }
        }
        return ofTables + ofOutputs
    }
}
