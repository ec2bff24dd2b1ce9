internal import Catalog

/// An application as its file says it.
struct ApplicationDraft {
    var syntax: ApplicationSyntax
    var offset: Int
    var inputs: [(entry: InputTableEntry, offset: Int)] = []
    /// As their statements say them, whatever is deployed under their names.
    var tables: [(entry: TableEntry, offset: Int)] = []
    var outputs: [OutputDraft] = []

    init(syntax: ApplicationSyntax, offset: Int) {
        self.syntax = syntax
        self.offset = offset
    }

    var options: AppOptions {
        var options = AppOptions()
        if let milliseconds = syntax.checkpointMilliseconds { options.checkpointMilliseconds = milliseconds }
        if let confidence = syntax.watermarkConfidence { options.watermarkConfidence = confidence }
        if let state = syntax.state { options.state = state }
        options.output = syntax.output ?? (options.state == .atMostOnce ? .atMostOnce : .atLeastOnce)
        return options
    }
}

extension AppOptions {
    /// Why no runtime could keep what they ask for; nil where it can be kept.
    fileprivate var contradiction: (message: String, hint: String)? {
        switch (state, output) {
        case (.exactlyOnce, _), (.atLeastOnce, .atLeastOnce), (.atMostOnce, .atMostOnce): nil
        case (.atLeastOnce, .exactlyOnce):
            (
                "a crash lets records count again, and what then goes out is not what went out before: nothing could tell it as "
                    + "a repetition",
                "output = 'exactly-once' needs state = 'exactly-once'"
            )
        case (.atLeastOnce, .atMostOnce):
            (
                "a crash lets records be processed again, and each time they would go out again",
                "output = 'at-most-once' needs state = 'exactly-once' or 'at-most-once'"
            )
        case (.atMostOnce, .atLeastOnce), (.atMostOnce, .exactlyOnce):
            (
                "a crash lets records be passed over, and these would never go out",
                "output = '\(output.rawValue)' needs state = 'exactly-once'\(output == .atLeastOnce ? " or 'at-least-once'" : "")"
            )
        }
    }
}

extension Planner {
    mutating func plan(_ draft: ApplicationDraft) throws(SQLError) {
        if let (message, hint) = draft.options.contradiction {
            throw source.error(
                .meaning, at: draft.syntax.semanticsOffset ?? draft.offset,
                "state = '\(draft.options.state.rawValue)' and output = '\(draft.options.output.rawValue)' do not go together: "
                    + message, hint: hint)
        }
        if let existing = snapshot.app(named: draft.syntax.name.text) {
            try planGeneration(of: existing, draft)
            return
        }
        for (wanted, offset) in draft.tables { try plan(wanted, of: nil, at: offset) }
        for output in draft.outputs { try plan(output, of: nil) }
        try addDeadLetters(of: draft.syntax.name)
        let app = AppEntry(
            id: snapshot.nextAppID, name: draft.syntax.name.text, options: draft.options,
            inputTables: draft.inputs.map(\.entry), tableIDs: draft.tables.map(\.entry.id), sql: script.text,
            deployedAt: now, outputIDs: draft.outputs.map(\.entry.id))
        deployment.app = app
        deployment.changes.append(
            "new application \(app.name), with a checkpoint every \(app.options.checkpointMilliseconds) ms")
    }

    // Tables

    /// `app` is the application as it is deployed.
    mutating func plan(_ wanted: TableEntry, of app: AppEntry?, at offset: Int) throws(SQLError) {
        guard let existing = snapshot.table(named: wanted.name) else {
            deployment.add(wanted, .new, [change(wanted)])
            return
        }
        guard existing.source != .loads else {
            throw source.error(
                .conflict, at: offset, "table \(existing.name) is filled by loads, not by a query",
                hint: "give this one another name")
        }
        if let owner = existing.app, app?.tableIDs.contains(existing.id) != true {
            throw source.error(
                .conflict, at: offset, "table \(existing.name) belongs to application \(owner)",
                hint: "give this one another name")
        }
        let inputs = inputs(of: existing, wanted, app)
        var (table, lines) = try evolve(existing, to: wanted, inputs: inputs, at: offset)
        if existing.app == nil {
            // The table that a deleted application left, with its rows and the positions that they came from: processors go
            // on there, so that every record still counts once.
            table = table.adopted(by: wanted.app, sql: wanted.sql)
            lines.insert("table \(table.name) was kept, and goes on where it was", at: 0)
            deployment.add(table, .adopted, lines)
        } else if table != existing {
            deployment.add(table, .changed, lines)
        }
    }

    private func inputs(
        of existing: TableEntry, _ wanted: TableEntry, _ app: AppEntry?
    ) -> (former: InputTableEntry, wanted: InputTableEntry)? {
        guard let name = wanted.source.inputTable, let input = inputs[name.lowercased()] else { return nil }
        let former = existing.keptInput ?? existing.source.inputTable.flatMap { app?.input(named: $0) }
        return (former ?? input, input)
    }

    /// The deployed table as its statement wants it.
    func evolve(
        _ existing: TableEntry, to wanted: TableEntry, inputs: (former: InputTableEntry, wanted: InputTableEntry)?,
        at offset: Int
    ) throws(SQLError) -> (table: TableEntry, lines: [String]) {
        let (table, lines): (TableEntry, [String])
        do throws(TableEvolution.Refusal) {
            (table, lines) = try TableEvolution.evolve(existing, to: wanted, inputs: inputs, now: now)
        } catch {
            let place = error.column.flatMap { offsetOfColumn($0, of: wanted) } ?? offset
            throw source.error(.conflict, at: place, error.message, hint: error.hint)
        }
        for column in existing.columns {
            if let index = table.column(named: column.name), table.columns[index].type == column.type { continue }
            for app in snapshot.apps(joining: existing.id)
            where app.name.lowercased() != script.applicationName?.lowercased() {
                guard snapshot.columns(of: existing.id, joinedBy: app).contains(column.name.lowercased()) else {
                    continue
                }
                throw source.error(
                    .conflict, at: offset,
                    "application \(app.name) joins column \(column.name) of table \(existing.name)",
                    hint: "deploy \(app.name) without it first")
            }
        }
        return (table, lines)
    }

    /// Where a statement of the file names the column.
    private func offsetOfColumn(_ name: String, of table: TableEntry) -> Int? {
        let key = name.lowercased()
        let isNamed: (QuerySyntax.Item) -> Bool = { item in
            if let alias = item.alias { return alias.key == key }
            if case .column(_, let column)? = item.expression?.kind { return column.key == key }
            return false
        }
        if let item = fed[table.name.lowercased()]?.query.items.first(where: isNamed) { return item.offset }
        for statement in script.statements {
            guard case .table(let syntax) = statement.kind, syntax.name.key == table.name.lowercased() else { continue }
            return syntax.columns?.first { $0.name.key == key }?.name.offset
        }
        return nil
    }

    private func change(_ table: TableEntry) -> String {
        let key = table.keyColumns.map(\.name).joined(separator: ", ")
        let panes = table.pane.map { " in panes of \($0.text)" } ?? ""
        switch table.source {
        case .loads: return "new table \(table.name), filled by loads"
        case .upsert(let query):
            return "new table \(table.name) (\(key)), upserted from \(query.input)\(joined(query.joins))"
        case .aggregate(let query):
            return "new table \(table.name) (\(key)), aggregated from \(query.input)\(panes)\(joined(query.joins))"
        }
    }

    func joined(_ joins: [JoinClause]) -> String {
        if joins.isEmpty { return "" }
        let own = loaded.values.map { ($0.id, $0.name) } + fed.values.map { ($0.id, $0.syntax.name.text) }
        let names = joins.map { join in
            own.first { $0.0 == join.tableID }?.1 ?? snapshot.table(id: join.tableID)?.name ?? join.name
        }
        return " joined with \(names.joined(separator: ", "))"
    }
}

extension AppEntry {
    func input(named name: String) -> InputTableEntry? {
        inputTables.first { $0.name.lowercased() == name.lowercased() }
    }
}
