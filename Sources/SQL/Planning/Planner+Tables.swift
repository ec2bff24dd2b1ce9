internal import Catalog
internal import Expressions
internal import Records

extension Planner {
    // Tables that loads fill

    mutating func planLoaded(_ syntax: TableSyntax, _ statement: StatementSyntax) throws(SQLError) {
        let columns = syntax.columns ?? []
        try refuseLifetime(syntax)
        if let offset = syntax.maxLagOffset {
            throw source.error(
                .meaning, at: offset, "table \(syntax.name.text) is filled by loads, and falls behind no category",
                hint: "leave max_lag out; it is for tables with AS SELECT")
        }
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
        var wanted = draft.entry(
            id: tableID(named: syntax.name), name: syntax.name.text, app: nil, sql: statement.text, versions: [])
        wanted.loadLimits = syntax.loadLimits
        loaded[syntax.name.key] = wanted
        guard let existing = snapshot.table(named: wanted.name) else {
            deployment.add(wanted, .new, ["new table \(wanted.name), filled by loads"])
            return
        }
        if existing.source != .loads {
            throw source.error(
                .conflict, at: statement.offset, "table \(existing.name) is filled by a query, not by loads",
                hint: "give this one another name")
        }
        let (table, lines) = try evolve(existing, to: wanted, inputs: nil, at: statement.offset)
        loaded[syntax.name.key] = table
        if table != existing { deployment.add(table, .changed, lines) }
    }

    // Tables that an app fills

    /// The entry as its statement says it, whatever is deployed under its name.
    mutating func planFed(_ name: String) throws(SQLError) -> TableEntry {
        guard let table = fed[name] else { preconditionFailure("only statements of the file are planned") }
        if let entry = table.entry { return entry }
        let (syntax, query) = (table.syntax, table.query)
        try refuseLifetime(syntax)
        if let column = syntax.columns?.first {
            throw source.error(
                .meaning, at: column.name.offset, "a table with AS SELECT takes its columns from the query",
                hint: "leave the list of columns out; CAST gives a column another type")
        }
        if let offset = query.emissionOffset, !table.isOutput {
            throw source.error(
                .meaning, at: offset, "a table has no EMIT: every checkpoint shows in it at once",
                hint: "EMIT says when a category gets panes: CREATE CATEGORY name BY key AS SELECT ... EMIT FINAL")
        }
        fed[name]?.isPlanning = true
        let scope = try scope(of: query, over: try findInput(query))
        let draft =
            query.hasAggregates
            ? try planAggregate(syntax, query, over: scope) : try planUpsert(syntax, query, over: scope)
        var entry = draft.entry(
            id: table.id, name: syntax.name.text, app: table.app, sql: table.statement.text,
            versions: [VersionEntry(number: 1, createdAt: now, origin: "live")])
        entry.loadLimits = syntax.loadLimits
        entry.maxLagMicroseconds = syntax.maxLagMicroseconds
        fed[name]?.entry = entry
        return entry
    }

    /// The table of this file that has the name, as it will be.
    mutating func ownTable(_ name: Name) throws(SQLError) -> TableEntry? {
        if let table = loaded[name.key] { return table }
        guard let table = fed[name.key] else { return nil }
        guard table.entry != nil || !table.isPlanning else {
            throw source.error(
                .meaning, at: name.offset, "what table \(table.syntax.name.text) holds depends on this join",
                hint: "a table can be joined by those that do not feed its own joins")
        }
        return try planFed(name.key)
    }

    var ownTableNames: [String] { loaded.values.map(\.name) + fed.values.map(\.syntax.name.text) }

    func findInput(_ query: QuerySyntax) throws(SQLError) -> InputTableEntry {
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

/// A statement of the file that makes a table of an app.
struct FedTable {
    var syntax: TableSyntax
    var query: QuerySyntax
    var statement: StatementSyntax
    /// Its panes go to a category of the same name.
    var isOutput: Bool
    var app = ""
    var id: UInt32 = 0
    var isPlanning = false
    var entry: TableEntry?

    /// nil for a statement that makes none.
    init?(_ statement: StatementSyntax) {
        switch statement.kind {
        case .table(let table):
            guard let query = table.query else { return nil }
            (syntax, self.query, isOutput) = (table, query, false)
        case .category(let category):
            guard let query = category.query, query.hasAggregates else { return nil }
            (syntax, self.query, isOutput) = (TableSyntax(name: category.name, query: query), query, true)
        case .application, .inputTable: return nil
        }
        self.statement = statement
    }
}
