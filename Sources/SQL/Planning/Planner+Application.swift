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
            try checkUnchanged(existing, draft)
            return
        }
        for (wanted, offset) in draft.tables {
            if let kept = try kept(wanted, at: offset) {
                deployment.add(kept, .adopted, ["table \(kept.name) was kept, and goes on where it was"])
            } else {
                deployment.add(wanted, .new, [change(wanted)])
            }
        }
        for output in draft.outputs { deployment.add(output.entry, .new, change(output)) }
        try addDeadLetters(of: draft.syntax.name)
        let app = AppEntry(
            id: snapshot.nextAppID, name: draft.syntax.name.text, options: draft.options,
            inputTables: draft.inputs.map(\.entry), tableIDs: draft.tables.map(\.entry.id), sql: script.text,
            deployedAt: now, outputIDs: draft.outputs.map(\.entry.id))
        deployment.app = app
        deployment.changes.append(
            "new application \(app.name), with a checkpoint every \(app.options.checkpointMilliseconds) ms")
    }

    /// The table of the same name and statement that a deleted application left, with its rows and the positions that they
    /// came from: the new application's processors go on there, so that every record still counts once.
    private func kept(_ wanted: TableEntry, at offset: Int) throws(SQLError) -> TableEntry? {
        guard let table = snapshot.table(named: wanted.name) else { return nil }
        guard table.app == nil, table.source != .loads else { throw taken(table, at: offset) }
        if let difference = table.difference(from: wanted) {
            throw source.error(
                .conflict, at: offset,
                "table \(table.name) was kept when its application was deleted, with \(difference)",
                hint: "write it as it was and it goes on, or give this one another name")
        }
        if let former = table.keptInput, let input = inputs[former.name.lowercased()], !input.reads(as: former) {
            throw source.error(
                .conflict, at: offset,
                "table \(table.name) was kept when its application was deleted, and input table \(former.name) was another "
                    + "then",
                hint: "write it as it was and it goes on, or give this table another name")
        }
        return table.adopted(by: wanted.app, sql: wanted.sql)
    }

    private func change(_ table: TableEntry) -> String {
        let key = table.keyColumns.map(\.name).joined(separator: ", ")
        let panes = table.pane.map { pane in
            " in panes of \(duration(pane.widthMicroseconds))" + (pane.zone.map { " in \($0)" } ?? "")
        }
        switch table.source {
        case .loads: return "new table \(table.name), filled by loads"
        case .upsert(let query):
            return "new table \(table.name) (\(key)), upserted from \(query.input)\(joined(query.joins))"
        case .aggregate(let query):
            return
                "new table \(table.name) (\(key)), aggregated from \(query.input)\(panes ?? "")\(joined(query.joins))"
        }
    }

    private func joined(_ joins: [JoinClause]) -> String {
        if joins.isEmpty { return "" }
        let names = joins.map { join in
            (loaded.values.first { $0.id == join.tableID }?.name
                ?? fed.values.first { $0.id == join.tableID }?.syntax.name.text)
                ?? snapshot.table(id: join.tableID)?.name ?? join.name
        }
        return " joined with \(names.joined(separator: ", "))"
    }

    private func change(_ output: OutputDraft) -> String {
        let category = output.entry
        let source =
            switch category.output {
            case .records(let query): "filled from \(query.input)\(joined(query.joins))"
            case .panes(let query) where query.emission == .final:
                "each pane of table \(category.name) once the watermark has passed it"
            case .panes, nil: "what each checkpoint changes in table \(category.name)"
            }
        return "new category \(category.name): \(category.summary), \(source)"
    }

    private func taken(_ existing: TableEntry, at offset: Int) -> SQLError {
        if let owner = existing.app {
            return source.error(
                .conflict, at: offset, "table \(existing.name) belongs to application \(owner)",
                hint: "give this one another name")
        }
        return source.error(
            .conflict, at: offset, "table \(existing.name) is filled by loads, not by a query",
            hint: "give this one another name")
    }

    // A deployed application

    private func checkUnchanged(_ existing: AppEntry, _ draft: ApplicationDraft) throws(SQLError) {
        func changed(_ offset: Int, _ message: String) -> SQLError {
            source.error(
                .conflict, at: offset, message,
                hint: "an application cannot change yet: `maser delete \(existing.name) --drop`, then deploy again")
        }
        if existing.options.checkpointMilliseconds != draft.options.checkpointMilliseconds {
            throw changed(
                draft.offset,
                "application \(existing.name) is deployed with checkpoint = '\(existing.options.checkpointMilliseconds) ms'"
            )
        }
        if existing.options.watermarkConfidence != draft.options.watermarkConfidence {
            throw changed(
                draft.offset,
                "application \(existing.name) is deployed with watermark_confidence = "
                    + "'\(existing.options.watermarkConfidence)'")
        }
        if existing.options != draft.options {
            throw changed(draft.offset, "application \(existing.name) is deployed with other options")
        }
        for (wanted, offset) in draft.inputs {
            guard var input = existing.inputTables.first(where: { $0.name.lowercased() == wanted.name.lowercased() })
            else {
                throw changed(offset, "application \(existing.name) is deployed without input table \(wanted.name)")
            }
            input.startOffsets = nil
            guard input == wanted else {
                throw changed(offset, "input table \(input.name) is deployed otherwise")
            }
        }
        for input in existing.inputTables where !draft.inputs.contains(where: { $0.entry.name == input.name }) {
            throw changed(
                draft.offset, "application \(existing.name) is deployed with input table \(input.name) as well")
        }
        for (wanted, offset) in draft.tables {
            guard let table = snapshot.table(named: wanted.name) else {
                throw changed(offset, "application \(existing.name) is deployed without table \(wanted.name)")
            }
            guard existing.tableIDs.contains(table.id) else { throw taken(table, at: offset) }
            if let difference = table.difference(from: wanted) {
                throw changed(offset, "table \(table.name) is deployed with \(difference)")
            }
        }
        for table in existing.tableIDs.compactMap({ snapshot.table(id: $0) })
        where !draft.tables.contains(where: { $0.entry.name.lowercased() == table.name.lowercased() }) {
            throw changed(draft.offset, "application \(existing.name) is deployed with table \(table.name) as well")
        }
    }
}

extension InputTableEntry {
    /// Whether every record means the same through both; where they start matters to new tables only.
    fileprivate func reads(as other: InputTableEntry) -> Bool {
        var (one, other) = (self, other)
        (one.start, one.startOffsets, one.name) = (other.start, other.startOffsets, other.name)
        one.columns = Array(columns.prefix(other.columns.count))
        other.columns = Array(other.columns.prefix(one.columns.count))
        return one == other
    }
}
