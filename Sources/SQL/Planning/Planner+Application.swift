internal import Catalog

/// An application as its file says it.
struct ApplicationDraft {
    var syntax: ApplicationSyntax
    var offset: Int
    var inputs: [(entry: InputTableEntry, offset: Int)] = []
    /// Without ids.
    var tables: [(entry: TableEntry, offset: Int)] = []

    init(syntax: ApplicationSyntax, offset: Int) {
        self.syntax = syntax
        self.offset = offset
    }

    var options: AppOptions {
        syntax.checkpointMilliseconds.map { AppOptions(checkpointMilliseconds: $0) } ?? AppOptions()
    }
}

extension Planner {
    mutating func plan(_ draft: ApplicationDraft) throws(SQLError) {
        if let existing = snapshot.app(named: draft.syntax.name.text) {
            try checkUnchanged(existing, draft)
            return
        }
        for (table, offset) in draft.tables {
            if let existing = snapshot.table(named: table.name) { throw taken(existing, at: offset) }
        }
        try addDeadLetters(of: draft.syntax.name)
        var ids: [UInt32] = []
        for (entry, _) in draft.tables {
            var table = entry
            table.id = takeTableID()
            ids.append(table.id)
            deployment.tables.append(table)
            deployment.changes.append(change(table))
        }
        let app = AppEntry(
            id: snapshot.nextAppID, name: draft.syntax.name.text, options: draft.options,
            inputTables: draft.inputs.map(\.entry), tableIDs: ids, sql: script.text, deployedAt: now)
        deployment.app = app
        deployment.changes.append(
            "new application \(app.name), with a checkpoint every \(app.options.checkpointMilliseconds) ms")
    }

    private func change(_ table: TableEntry) -> String {
        let key = table.keyColumns.map(\.name).joined(separator: ", ")
        let panes = table.pane.map { pane in
            " in panes of \(duration(pane.widthMicroseconds))" + (pane.zone.map { " in \($0)" } ?? "")
        }
        switch table.source {
        case .loads: return "new table \(table.name), filled by loads"
        case .upsert(let query): return "new table \(table.name) (\(key)), upserted from \(query.input)"
        case .aggregate(let query):
            return "new table \(table.name) (\(key)), aggregated from \(query.input)\(panes ?? "")"
        }
    }

    private func taken(_ existing: TableEntry, at offset: Int) -> SQLError {
        if let owner = existing.app {
            return source.error(
                .conflict, at: offset, "table \(existing.name) belongs to application \(owner)",
                hint: "give this one another name")
        }
        return existing.source == .loads
            ? source.error(
                .conflict, at: offset, "table \(existing.name) is filled by loads, not by a query",
                hint: "give this one another name")
            : source.error(
                .conflict, at: offset, "table \(existing.name) was kept when its application was deleted",
                hint: "give this one another name; `maser delete` with --drop removes an application's tables too")
    }

    // A deployed application

    private func checkUnchanged(_ existing: AppEntry, _ draft: ApplicationDraft) throws(SQLError) {
        func changed(_ offset: Int, _ message: String) -> SQLError {
            source.error(
                .conflict, at: offset, message,
                hint: "an application cannot change yet: `maser delete \(existing.name) --drop`, then deploy again")
        }
        if existing.options != draft.options {
            throw changed(
                draft.offset,
                "application \(existing.name) is deployed with checkpoint = '\(existing.options.checkpointMilliseconds) ms'"
            )
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
