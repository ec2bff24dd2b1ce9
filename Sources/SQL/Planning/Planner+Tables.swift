internal import Catalog
internal import Expressions
internal import Records

extension Planner {
    // Tables that loads fill

    mutating func planLoaded(_ syntax: TableSyntax, _ statement: StatementSyntax) throws(SQLError) {
        let columns = syntax.columns ?? []
        try refuseLifetime(syntax)
        try checkColumns(columns.map(\.name))
        guard let keyNames = syntax.keyColumns else {
            throw source.error(
                .meaning, at: syntax.name.offset, "table \(syntax.name.text) has no key",
                hint: "end the statement with PRIMARY KEY (\(columns.first?.name.text ?? "column"))")
        }
        try checkColumns(keyNames)
        var keys: [KeyColumn] = []
        for name in keyNames {
            guard let column = columns.first(where: { $0.name.key == name.key }) else {
                throw noKeyColumn(name, among: columns.map(\.name.text))
            }
            keys.append(KeyColumn(name: column.name.text, type: column.type))
        }
        let keyed = Set(keyNames.map(\.key))
        var numbers = FieldNumbers()
        let rest = columns.filter { !keyed.contains($0.name.key) }.map { column in
            TableColumn(number: numbers.take(), name: column.name.text, type: column.type)
        }
        let draft = TableDraft(
            keyColumns: keys, shardColumnCount: try shardColumnCount(syntax, keys), stateFields: rest.map(\.stored),
            columns: rest, nextFieldNumber: numbers.next, source: .loads)
        let wanted = draft.entry(id: 0, name: syntax.name.text, app: nil, sql: statement.text, versions: [])
        guard let existing = snapshot.table(named: wanted.name) else {
            var table = wanted
            table.id = takeTableID()
            deployment.tables.append(table)
            deployment.changes.append("new table \(table.name), filled by loads")
            return
        }
        if existing.source != .loads {
            throw source.error(
                .conflict, at: statement.offset, "table \(existing.name) is filled by a query, not by loads",
                hint: "give this one another name")
        }
        guard let difference = existing.difference(from: wanted) else { return }
        throw source.error(
            .conflict, at: statement.offset, "table \(existing.name) is deployed with \(difference)",
            hint: "a table cannot change yet: leave its statement as it was, or give this one another name")
    }

    // Tables that an app fills

    /// The entry has no id yet.
    func planFed(
        _ syntax: TableSyntax, _ query: QuerySyntax, _ statement: StatementSyntax, app: String
    ) throws(SQLError) -> TableEntry {
        try refuseLifetime(syntax)
        if let column = syntax.columns?.first {
            throw source.error(
                .meaning, at: column.name.offset, "a table with AS SELECT takes its columns from the query",
                hint: "leave the list of columns out; CAST gives a column another type")
        }
        let input = try findInput(query)
        let isAggregate = query.groups != nil || query.items.contains { $0.expression?.containsAggregate == true }
        let draft =
            isAggregate
            ? try planAggregate(syntax, query, over: input) : try planUpsert(syntax, query, over: input)
        return draft.entry(
            id: 0, name: syntax.name.text, app: app, sql: statement.text,
            versions: [VersionEntry(number: 1, createdAt: now, origin: "live")])
    }

    private func findInput(_ query: QuerySyntax) throws(SQLError) -> InputTableEntry {
        if let input = inputs[query.input.key] { return input }
        var hint = Suggestion.hint(for: query.input.text, among: inputs.values.map(\.name).sorted())
        let isTable = script.statements.contains {
            if case .table(let table) = $0.kind { table.name.key == query.input.key } else { false }
        }
        if isTable || snapshot.table(named: query.input.text) != nil {
            hint = "\(query.input.text) is a table; a query reads an input table"
        } else if hint == nil, let category = categories[query.input.key] {
            hint = "a category is read through an input table: CREATE INPUT TABLE ... FROM CATEGORY '\(category.name)'"
        }
        throw source.error(
            .name, at: query.input.offset, "there is no input table \(query.input.text) in this application", hint: hint
        )
    }

    func refuseLifetime(_ syntax: TableSyntax) throws(SQLError) {
        guard let offset = syntax.lifetimeOffset else { return }
        throw source.error(
            .unsupported, at: offset, "this Maser has no LIFETIME yet", hint: "leave it out: rows are kept for ever")
    }

    func noKeyColumn(_ name: Name, among columns: [String]) -> SQLError {
        source.error(
            .name, at: name.offset, "there is no column \(name.text)",
            hint: Suggestion.hint(for: name.text, among: columns, orAll: "the columns are"))
    }

    /// SHARD BY names a leading part of the key; without it, all of the key.
    func shardColumnCount(_ syntax: TableSyntax, _ keys: [KeyColumn]) throws(SQLError) -> Int {
        guard let names = syntax.shardColumns else { return keys.count }
        for (index, name) in names.enumerated() {
            guard index < keys.count, keys[index].name.lowercased() == name.key else {
                throw source.error(
                    .meaning, at: name.offset, "SHARD BY names the first key columns in their order",
                    hint: "the key is (\(keys.map(\.name).joined(separator: ", ")))")
            }
        }
        return names.count
    }
}

extension TableColumn {
    /// The state field of a column that is stored as it is.
    var stored: StateField { StateField(number: number, name: name, monoid: nil, types: [type]) }
}
