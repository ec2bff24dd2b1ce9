internal import Catalog
internal import Expressions
internal import Records

/// An output category as its statement says it.
struct OutputDraft {
    var syntax: CategorySyntax
    var query: QuerySyntax
    var offset: Int
    /// Its `output` is known once the tables are.
    var entry: CategoryEntry
}

extension Planner {
    /// The category alone, so that input tables find it; what fills it is planned when the tables are.
    mutating func planOutputCategory(
        _ syntax: CategorySyntax, _ query: QuerySyntax, _ statement: StatementSyntax, app: String
    ) throws(SQLError) -> OutputDraft {
        guard let column = syntax.bucketColumn else {
            throw source.error(
                .meaning, at: syntax.name.offset, "category \(syntax.name.text) is filled by a query, and needs BY",
                hint:
                    "name the column that is the key of its records: CREATE CATEGORY \(syntax.name.text) BY column AS ..."
            )
        }
        if let offset = syntax.formatOffset, syntax.format != .json {
            throw source.error(
                .meaning, at: offset, "the records of an output category are JSON objects", hint: "leave FORMAT out")
        }
        if let offset = syntax.quotaOffset {
            throw source.error(
                .meaning, at: offset, "a quota is for what clients append, and this category is filled by a query",
                hint: "leave quota out")
        }
        var entry = entry(syntax, statement)
        entry.bucketColumn = column.text
        entry.format = .json
        entry.app = app
        entry.id = snapshot.category(named: entry.name)?.id ?? takeCategoryID()
        categories[syntax.name.key] = entry
        return OutputDraft(syntax: syntax, query: query, offset: statement.offset, entry: entry)
    }

    mutating func plan(_ output: inout OutputDraft) throws(SQLError) {
        if output.query.hasAggregates {
            let (query, key) = try planPanes(output)
            (output.entry.output, output.entry.bucketColumn) = (.panes(query), key)
        } else {
            let query = try planRecords(output)
            (output.entry.output, output.entry.bucketColumn) = (.records(query), query.columns[query.keyColumn].name)
        }
        // What reads it has found it by its name and its id.
        categories[output.syntax.name.key] = output.entry
    }

    // Records

    private mutating func planRecords(_ output: OutputDraft) throws(SQLError) -> RecordQuery {
        let query = output.query
        if let pane = query.pane {
            throw source.error(
                .meaning, at: pane.offset, "panes need aggregates, and this query has none",
                hint: "add GROUP BY and an aggregate, or leave the pane out")
        }
        if let offset = query.deleteOffset {
            throw source.error(
                .meaning, at: offset, "a category keeps every record: there is no DELETE WHERE",
                hint: "WHERE passes records over")
        }
        if let offset = query.emissionOffset {
            throw source.error(
                .meaning, at: offset, "EMIT says when panes go out, and this query has none",
                hint: "leave it out: a record goes out when it has been processed")
        }
        let scope = try scope(of: query, over: try findInput(query))
        var binder = Binder(source: source, scope: scope, place: .record(clause: "SELECT"))
        let selected = try select(query, &binder)
        try checkColumns(selected.map(\.name))
        let filter = try query.filter.map { filter throws(SQLError) in try binder.bindCondition(filter, "WHERE") }
        let narrowed = scope.narrowed(to: [filter].compactMap { $0 } + selected.map(\.expression))
        return RecordQuery(
            input: scope.input.name, joins: narrowed.joins, filter: filter.map(narrowed.place),
            columns: selected.map { name, expression in
                OutputColumn(name: name.text, type: expression.type, expression: narrowed.place(expression))
            }, keyColumn: try keyColumn(of: output, among: selected.map(\.name.text)))
    }

    // Panes

    private mutating func planPanes(_ output: OutputDraft) throws(SQLError) -> (PaneQuery, keyColumn: String) {
        let query = output.query
        let table = try planFed(output.syntax.name.key)
        guard table.pane != nil else {
            throw source.error(
                .meaning, at: query.input.offset,
                "an output category with aggregates sends panes, and this query has none",
                hint: "give the input table panes, as in FROM \(query.input.text) [1 MINUTE]")
        }
        guard let emission = query.emission else {
            throw source.error(
                .meaning, at: output.offset, "an output category with aggregates needs EMIT",
                hint:
                    "end the statement with EMIT FINAL (each pane once, when the watermark has passed it) or EMIT CHANGES "
                    + "(with every checkpoint that changes it)")
        }
        let key = try keyColumn(of: output, among: table.keyColumns.map(\.name))
        return (PaneQuery(tableID: table.id, emission: emission, keyColumn: key), table.keyColumns[key].name)
    }

    private func keyColumn(of output: OutputDraft, among columns: [String]) throws(SQLError) -> Int {
        let name = output.syntax.bucketColumn ?? output.syntax.name
        if let index = columns.firstIndex(where: { $0.lowercased() == name.key }) { return index }
        throw source.error(
            .name, at: name.offset,
            output.query.hasAggregates
                ? "BY names a column of the key, and \(name.text) is none"
                : "BY names a column of the query, and \(name.text) is none",
            hint: Suggestion.hint(for: name.text, among: columns, orAll: "the columns are"))
    }

    // What is deployed

    /// `app` is the application as it is deployed. A category keeps what went to it, so its query may become any other: it holds
    /// from there on.
    mutating func plan(_ output: OutputDraft, of app: AppEntry?) throws(SQLError) {
        let wanted = output.entry
        guard let existing = snapshot.category(named: wanted.name) else {
            deployment.add(wanted, .new, "new category \(wanted.name): \(wanted.summary), \(filling(wanted))")
            return
        }
        guard let formerOutput = existing.output, let wantedOutput = wanted.output else {
            throw source.error(
                .conflict, at: output.offset, "category \(existing.name) is filled by clients, not by a query",
                hint: "give this one another name")
        }
        if let owner = existing.app, app?.outputIDs.contains(existing.id) != true {
            throw source.error(
                .conflict, at: output.offset, "category \(existing.name) belongs to application \(owner)",
                hint: "give this one another name")
        }
        var lines: [String] = []
        var category = existing
        if let (changed, line) = try change(of: existing, to: wanted, at: output.offset) {
            category = changed
            lines.append(line)
        }
        switch (formerOutput, wantedOutput) {
        case (.records(let former), .records(let now)):
            if existing.app != nil, !isSame(former, now, app) {
                lines.append("category \(existing.name): another query fills it from here on")
            }
        case (.panes(let former), .panes(let now)):
            if former.emission != now.emission {
                lines.append(
                    "category \(existing.name): EMIT \(former.emission.rawValue) -> EMIT \(now.emission.rawValue)")
            }
        case (.records, .panes), (.panes, .records):
            throw source.error(
                .conflict, at: output.offset,
                "category \(existing.name) holds \(formerOutput.isOfPanes ? "panes" : "records"), and what reads it relies on that",
                hint: "give this one another name")
        }
        category.output = wantedOutput
        category.app = wanted.app
        if existing.app == nil { lines.insert("category \(existing.name) was kept, and is filled again", at: 0) }
        guard category != existing else { return }
        category.sql = wanted.sql
        deployment.categories.append(category)
        deployment.categoryChanges[category.id] = existing.app == nil ? .adopted : .changed
        deployment.changes += lines
        categories[output.syntax.name.key] = category
    }

    /// Whether both give the same records, wherever the columns that they read stand.
    private func isSame(_ former: RecordQuery, _ wanted: RecordQuery, _ app: AppEntry?) -> Bool {
        guard let formerInput = app?.input(named: former.input), let input = inputs[wanted.input.lowercased()],
            formerInput.categoryID == input.categoryID, input.hasEventTime(of: formerInput)
        else { return false }
        let match = ColumnMatch(from: formerInput, former.joins, to: input, wanted.joins)
        return !match.changesRecords && match.isSame(former.filter, wanted.filter)
            && former.columns.map(\.name) == wanted.columns.map(\.name)
            && former.columns.map { match.carried($0.expression) } == wanted.columns.map(\.expression)
    }

    private func filling(_ category: CategoryEntry) -> String {
        switch category.output {
        case .records(let query): "filled from \(query.input)\(joined(query.joins))"
        case .panes(let query) where query.emission == .final:
            "each pane of table \(category.name) once the watermark has passed it"
        case .panes, nil: "what each checkpoint changes in table \(category.name)"
        }
    }
}

extension OutputQuery {
    fileprivate var isOfPanes: Bool {
        if case .panes = self { true } else { false }
    }
}
