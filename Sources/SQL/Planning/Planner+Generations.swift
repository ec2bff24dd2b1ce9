internal import Catalog
internal import Records

extension Planner {
    /// A deployed application as its file wants it. Positions are with the tables and categories that records went to, so
    /// what stays goes on where it was.
    mutating func planGeneration(of existing: AppEntry, _ draft: ApplicationDraft) throws(SQLError) {
        var app = existing
        app.options = draft.options
        noteOptions(existing.options, app.options)
        app.inputTables = []
        for (wanted, offset) in draft.inputs { app.inputTables.append(try planInput(wanted, of: existing, at: offset)) }
        for input in existing.inputTables where app.input(named: input.name) == nil {
            deployment.changes.append("input table \(input.name) is gone")
        }
        let before = (deployment.tables.count, deployment.categories.count)
        for (wanted, offset) in draft.tables { try plan(wanted, of: existing, at: offset) }
        for output in draft.outputs { try plan(output, of: existing) }
        keepTables(of: existing, draft)
        keepOutputs(of: existing, draft)
        try addDeadLetters(of: draft.syntax.name)
        if Set(existing.tableIDs) != Set(draft.tables.map(\.entry.id)) { app.tableIDs = draft.tables.map(\.entry.id) }
        if Set(existing.outputIDs) != Set(draft.outputs.map(\.entry.id)) {
            app.outputIDs = draft.outputs.map(\.entry.id)
        }
        if existing.inputTables.sorted(by: { $0.name < $1.name }) == app.inputTables.sorted(by: { $0.name < $1.name }) {
            app.inputTables = existing.inputTables
        }
        guard app != existing || before != (deployment.tables.count, deployment.categories.count) else { return }
        app.sql = script.text
        app.deployedAt = now
        app.generation += 1
        deployment.app = app
        deployment.changes.append("application \(app.name) goes on as generation \(app.generation)")
    }

    private mutating func noteOptions(_ former: AppOptions, _ now: AppOptions) {
        func note(_ name: String, _ former: String, _ now: String) {
            if former != now { deployment.changes.append("\(name): \(former) -> \(now)") }
        }
        note("checkpoint", "\(former.checkpointMilliseconds) ms", "\(now.checkpointMilliseconds) ms")
        note("watermark_confidence", "\(former.watermarkConfidence)", "\(now.watermarkConfidence)")
        note("state", former.state.rawValue, now.state.rawValue)
        note("output", former.output.rawValue, now.output.rawValue)
    }

    // Input tables

    /// What it means for the tables that stay is checked with each of them.
    private mutating func planInput(
        _ wanted: InputTableEntry, of app: AppEntry, at offset: Int
    ) throws(SQLError) -> InputTableEntry {
        guard let existing = app.input(named: wanted.name) else {
            deployment.changes.append("new input table \(wanted.name)")
            return wanted
        }
        guard existing.categoryID == wanted.categoryID else {
            deployment.changes.append("input table \(wanted.name) reads another category")
            return wanted
        }
        guard existing.start == wanted.start else {
            throw source.error(
                .conflict, at: offset,
                "input table \(existing.name) has START \(existing.start.rawValue), and what reads it began there",
                hint: "make an input table of another name for what is to start elsewhere")
        }
        var input = wanted
        input.startOffsets = existing.startOffsets
        let gone = existing.columns.filter { column in
            !wanted.columns.contains { $0.name.lowercased() == column.name.lowercased() }
        }
        for column in gone { deployment.changes.append("input table \(existing.name): column \(column.name) is gone") }
        for (index, column) in wanted.columns.enumerated() {
            guard let former = existing.columns.firstIndex(where: { $0.name.lowercased() == column.name.lowercased() })
            else {
                deployment.changes.append("input table \(existing.name): new column \(column.name)")
                continue
            }
            if existing.index(of: column, at: index) != former {
                deployment.changes.append("input table \(existing.name): column \(column.name) is read otherwise")
            }
        }
        if !wanted.hasEventTime(of: existing) {
            let time = wanted.eventTimeColumn.map { wanted.columns[$0].name }
            deployment.changes.append("input table \(existing.name): \(time.map { "TIME \($0)" } ?? "no TIME")")
        }
        inputs[wanted.name.lowercased()] = input
        return input
    }

    // What the file has no longer

    private mutating func keepTables(of app: AppEntry, _ draft: ApplicationDraft) {
        for table in app.tableIDs.compactMap({ snapshot.table(id: $0) })
        where !draft.tables.contains(where: { $0.entry.id == table.id }) {
            deployment.add(
                table.kept(from: app), .kept,
                ["table \(table.name) is no longer filled by the application; it is kept as it stands"])
        }
    }

    private mutating func keepOutputs(of app: AppEntry, _ draft: ApplicationDraft) {
        for category in app.outputIDs.compactMap({ snapshot.category(id: $0) })
        where !draft.outputs.contains(where: { $0.entry.id == category.id }) {
            deployment.add(
                category.kept(), .kept,
                "category \(category.name) is no longer filled by the application; it is kept as it stands")
        }
    }
}
