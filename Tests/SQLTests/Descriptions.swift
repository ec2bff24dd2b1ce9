import Catalog
import Expressions
import Records
import SQL

// What the golden scripts show of a deployment: everything that was resolved.

func describe(_ deployment: Deployment, in catalog: CatalogSnapshot) -> String {
    var lines: [String] = []
    for category in deployment.categories {
        lines.append(
            prefix(deployment.categoryChanges[category.id])
                + "category \(category.id) \(category.name): \(category.bucketCount) buckets, by \(category.bucketColumn ?? "-"), "
                + "\(category.format?.rawValue ?? "-"), retention \(category.retention.map { show($0) } ?? "-"), "
                + "\(category.acknowledgement.rawValue), \(category.compression.rawValue)"
                + (category.quotaBytesPerSecond.map { ", quota \($0)" } ?? ""))
        if let output = category.output { lines += describe(output, of: category, deployment, catalog) }
    }
    for table in deployment.tables { lines += describe(table, deployment, catalog) }
    if let app = deployment.app {
        lines.append(
            "app \(app.id) \(app.name): generation \(app.generation), tables \(app.tableIDs), outputs \(app.outputIDs), "
                + "checkpoint \(app.options.checkpointMilliseconds) ms, "
                + "watermark confidence \(app.options.watermarkConfidence), state \(app.options.state.rawValue), "
                + "output \(app.options.output.rawValue)")
        for input in app.inputTables {
            let time = input.eventTimeColumn.map { input.columns[$0].name } ?? "-"
            lines.append(
                "  input \(input.name): category \(input.categoryID) \(input.format.rawValue), time \(time), "
                    + "start \(input.start.rawValue)\(input.startOffsets.map { " \($0)" } ?? "")")
            for column in input.columns {
                lines.append(
                    "    \(column.name) \(column.type.rawValue) \(column.path)\(column.unit.map { " \($0.rawValue)" } ?? "")"
                )
            }
        }
    }
    return lines.isEmpty ? "nothing" : lines.joined(separator: "\n")
}

/// Nothing for what is new.
private func prefix(_ change: EntryChange?) -> String { change == .new ? "" : "\(change?.rawValue ?? "unmarked") " }

private func show(_ retention: Retention) -> String {
    [retention.microseconds.map { "\($0) us" }, retention.bytes.map { "\($0) bytes" }].compactMap { $0 }
        .joined(separator: ", ")
}

private func describe(
    _ output: OutputQuery, of category: CategoryEntry, _ deployment: Deployment, _ catalog: CatalogSnapshot
) -> [String] {
    switch output {
    case .panes(let query):
        return ["  panes of table \(query.tableID), \(query.emission.rawValue), key column \(query.keyColumn)"]
    case .records(let query):
        guard let input = deployment.app?.inputTables.first(where: { $0.name == query.input }) else { return ["  ?"] }
        let texts = query.joins.columnTexts(over: input)
        var lines = ["  records of \(query.input), key column \(query.keyColumn)"]
        for column in query.columns {
            lines.append("  \(column.name) \(column.type.rawValue): \(column.expression.sql(texts: texts))")
        }
        lines += describe(query.joins, over: input, deployment, catalog)
        if let filter = query.filter { lines.append("  where \(filter.sql(texts: texts))") }
        return lines
    }
}

private func describe(
    _ joins: [JoinClause], over input: InputTableEntry, _ deployment: Deployment, _ catalog: CatalogSnapshot
) -> [String] {
    let texts = joins.sql(over: input) { id in
        let table = deployment.tables.first { $0.id == id } ?? catalog.table(id: id)
        return table?.keyColumns.map(\.name) ?? []
    }
    return zip(joins, texts).map { join, text in
        "  \(text), table \(join.tableID), columns \(join.columns.map { "\($0.name) \($0.type.rawValue)" })"
    }
}

private func describe(_ table: TableEntry, _ deployment: Deployment, _ catalog: CatalogSnapshot) -> [String] {
    let app = deployment.app
    let key = table.keyColumns.map { "\($0.name) \($0.type.rawValue)" }.joined(separator: ", ")
    var lines = [
        prefix(deployment.tableChanges[table.id])
            + "table \(table.id) \(table.name): key (\(key)), shard by \(table.shardColumnCount), app \(table.app ?? "-"), "
            + "revision \(table.schemaRevision), versions \(table.versions.map(\.number)), serving \(table.servingVersion), "
            + "next \(table.nextVersion), next number \(table.nextFieldNumber)"
    ]
    if let pane = table.pane { lines.append("  pane \(pane.widthMicroseconds) us in \(pane.zone ?? "UTC")") }
    let input = app?.inputTables.first { $0.name == table.inputName }
    for (state, argument) in zip(table.stateFields, table.arguments) {
        lines.append(
            "  state \(state.number) \(state.name): \(state.monoid.map { "\($0)" } ?? "-") "
                + "\(state.types.map(\.rawValue))\(argument?.condition == nil ? "" : " with a condition")"
                + (state.addedAt.map { ", added at \($0)" } ?? ""))
    }
    for column in table.columns {
        let sql = input.flatMap { table.sql(of: column, over: $0) }
        lines.append(
            "  column \(column.number) \(column.name) \(column.type.rawValue): \(sql ?? "-")"
                + (column.expression == nil ? ", as stored" : ""))
    }
    guard let input else { return lines }
    let texts = table.source.joins.columnTexts(over: input)
    lines += describe(table.source.joins, over: input, deployment, catalog)
    for index in table.keyColumns.indices {
        lines.append("  key \(table.keyColumns[index].name): \(table.sql(ofKey: index, over: input) ?? "-")")
    }
    switch table.source {
    case .loads: break
    case .upsert(let query):
        if let filter = query.filter { lines.append("  where \(filter.sql(texts: texts))") }
        if let delete = query.delete { lines.append("  delete where \(delete.sql(texts: texts))") }
    case .aggregate(let query):
        if let filter = query.filter { lines.append("  where \(filter.sql(texts: texts))") }
    }
    return lines
}

extension TableEntry {
    fileprivate var inputName: String? {
        switch source {
        case .loads: nil
        case .upsert(let query): query.input
        case .aggregate(let query): query.input
        }
    }

    /// One for each state field.
    fileprivate var arguments: [StateArguments?] {
        if case .aggregate(let query) = source { query.arguments } else { stateFields.map { _ in nil } }
    }
}
