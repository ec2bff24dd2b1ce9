package import Catalog
package import Records
package import Tables

/// Looks up joined rows in the table store, as they are at that moment.
package struct ServedTables: TableLookup {
    private let tables: TableStore

    package init(_ tables: TableStore) {
        self.tables = tables
    }

    package func rows(
        of table: UInt32, columns: [JoinedColumn], keys: ByteStrings
    ) throws(ProcessorsError) -> JoinedRows {
        // As it is now, and not as it was when the app started: the table may have been loaded or deployed anew.
        guard let entry = tables.catalog.snapshot.table(id: table) else {
            throw ProcessorsError(.invalidPlan, "a joined table was dropped")
        }
        let found = try columns.map { column throws(ProcessorsError) in try entry.column(column) }
        return try rows(of: entry, columns: found, keys: keys)
    }

    /// Fewer at once where they are too much for one read, down to one by one.
    func rows(
        of table: TableEntry, columns: [TableColumn], keys: ByteStrings
    ) throws(ProcessorsError) -> JoinedRows {
        do {
            let rows = try tables.columns(columns, of: table, keys: keys)
            return JoinedRows(isFound: rows.isPresent, columns: rows.columns)
        } catch {
            guard error.code == .limitExceeded else {
                throw ProcessorsError(tables: error, "looking up rows of \(table.name)", code: .readFailed)
            }
        }
        if keys.count <= 1 {
            let columns = columns.map { Column(type: $0.type, values: [.null]) }
            return JoinedRows(isFound: [false], columns: columns, unreadable: [0])
        }
        let half = keys.count / 2
        let first = try rows(of: table, columns: columns, keys: keys.gather(Array(0..<half)))
        let second = try rows(of: table, columns: columns, keys: keys.gather(Array(half..<keys.count)))
        return first.appending(second)
    }
}

extension TableEntry {
    /// The column of a name; an app that joins a table holds back a deploy that would take the column away.
    fileprivate func column(_ joined: JoinedColumn) throws(ProcessorsError) -> TableColumn {
        let name = joined.name.lowercased()
        guard let column = columns.first(where: { $0.name.lowercased() == name && $0.type == joined.type }) else {
            throw ProcessorsError(
                .invalidPlan, "the joined table \(self.name) has no column \(joined.name) of \(joined.type.rawValue)")
        }
        return column
    }
}

extension JoinedRows {
    fileprivate func appending(_ more: JoinedRows) -> JoinedRows {
        JoinedRows(
            isFound: isFound + more.isFound, columns: zip(columns, more.columns).map { $0.appending($1) },
            unreadable: unreadable + more.unreadable.map { $0 + isFound.count })
    }
}
