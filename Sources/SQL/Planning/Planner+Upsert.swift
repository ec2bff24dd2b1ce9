internal import Catalog
internal import Expressions
internal import Records

extension Planner {
    func planUpsert(
        _ syntax: TableSyntax, _ query: QuerySyntax, over scope: QueryScope
    ) throws(SQLError) -> TableDraft {
        let input = scope.input
        if let pane = query.pane {
            throw source.error(
                .meaning, at: pane.offset, "panes need aggregates, and this query has none",
                hint: "add GROUP BY and an aggregate, or leave the pane out")
        }
        guard let keyNames = syntax.keyColumns else {
            throw source.error(
                .meaning, at: syntax.name.offset, "table \(syntax.name.text) has no key",
                hint: "name columns of the SELECT list before AS: PRIMARY KEY (column); or GROUP BY them")
        }
        try checkColumns(keyNames)
        var binder = Binder(source: source, scope: scope, place: .record(clause: "an upsert's SELECT"))
        var selected = try select(query, &binder)
        try checkColumns(selected.map(\.name))
        var keys: [(column: KeyColumn, expression: Expression)] = []
        for name in keyNames {
            guard let index = selected.firstIndex(where: { $0.name.key == name.key }) else {
                throw noKeyColumn(name, among: selected.map(\.name.text))
            }
            let (found, expression) = selected.remove(at: index)
            keys.append((KeyColumn(name: found.text, type: expression.type), expression))
        }
        if input.eventTimeColumn == nil { try checkOrder(keys.map(\.expression), input, syntax, keyNames) }
        let filter = try query.filter.map { filter throws(SQLError) in try binder.bindCondition(filter, "WHERE") }
        let delete = try query.delete.map { delete throws(SQLError) in
            try binder.bindCondition(delete, "DELETE WHERE")
        }
        var numbers = FieldNumbers()
        let columns = selected.map { name, expression in
            TableColumn(number: numbers.take(), name: name.text, type: expression.type)
        }
        let narrowed = scope.narrowed(
            to: [filter, delete].compactMap { $0 } + keys.map(\.expression) + selected.map(\.expression))
        return TableDraft(
            keyColumns: keys.map(\.column), shardColumnCount: try shardColumnCount(syntax, keys.map(\.column)),
            stateFields: columns.map(\.stored), columns: columns, nextFieldNumber: numbers.next,
            source: .upsert(
                UpsertQuery(
                    input: input.name, joins: narrowed.joins, filter: filter.map(narrowed.place),
                    keys: keys.map { narrowed.place($0.expression) },
                    values: selected.map { narrowed.place($0.expression) }, delete: delete.map(narrowed.place))))
    }

    /// The items of a query without aggregates.
    func select(
        _ query: QuerySyntax, _ binder: inout Binder
    ) throws(SQLError) -> [(name: Name, expression: Expression)] {
        var selected: [(name: Name, expression: Expression)] = []
        for item in query.items {
            guard let syntax = item.expression else {
                for (index, column) in try starred(item, binder.scope) {
                    selected.append((Name(text: column.name, offset: item.offset), .column(index, column.type)))
                }
                continue
            }
            let expression = try binder.bindWhole(syntax)
            selected.append((try name(of: item, syntax, binder.scope), expression))
        }
        return selected
    }

    /// The columns of `*`, or of one table's.
    private func starred(
        _ item: QuerySyntax.Item, _ scope: QueryScope
    ) throws(SQLError) -> [(index: Int, column: QueryScope.Column)] {
        guard let name = item.starred else { return Array(zip(0..., scope.columns)) }
        guard let table = scope.source(named: name) else { throw scope.noTable(name, in: source) }
        return Array(zip(table.range, table.columns))
    }

    /// What AS says, or the name of a column that stands alone.
    func name(of item: QuerySyntax.Item, _ syntax: ExpressionSyntax, _ scope: QueryScope) throws(SQLError) -> Name {
        if let alias = item.alias { return alias }
        if case .column(let qualifier, let name) = syntax.kind,
            case .column(let index, _) = try scope.column(qualifier, name, in: source)
        {
            return Name(text: scope.columns[index].name, offset: item.offset)
        }
        throw source.error(
            .meaning, at: item.offset, "this column has no name", hint: "give it one: ... AS name")
    }

    /// Without event time the offset decides which row is the newest, and offsets compare within one bucket only.
    private func checkOrder(
        _ keys: [Expression], _ input: InputTableEntry, _ syntax: TableSyntax, _ names: [Name]
    ) throws(SQLError) {
        let category = categories.values.first { $0.id == input.categoryID }
        let offset = names.first?.offset ?? syntax.name.offset
        if keys.count == 1, case .column(let index, let type) = keys[0], type != .timestamp, type != .bytes,
            let bucketColumn = category?.bucketColumn, input.columns.indices.contains(index),
            input.columns[index].path == [bucketColumn]
        {
            try checkBuckets(of: category, input, at: offset)
            return
        }
        throw source.error(
            .meaning, at: offset,
            "without an event time the later offset wins, which needs all records of a key in one bucket",
            hint: "end the statement of input table \(input.name) with TIME column, or bucket category "
                + "\(category?.name ?? input.name) BY the field that is the whole key")
    }

    /// With more buckets a key's later records go elsewhere than its earlier ones.
    private func checkBuckets(of category: CategoryEntry?, _ input: InputTableEntry, at offset: Int) throws(SQLError) {
        guard let category, category.hasGainedBuckets else { return }
        let gainsNow = snapshot.category(id: category.id).map { $0.bucketCount != category.bucketCount } ?? false
        if input.start == .latest, !gainsNow { return }
        throw source.error(
            .meaning, at: offset,
            "without an event time the later offset wins, but category \(category.name) has gained buckets, so that a key has "
                + "records in two",
            hint: gainsNow
                ? "end the statement of input table \(input.name) with TIME column"
                : "end the statement of input table \(input.name) with TIME column, or begin behind the gain: START LATEST"
        )
    }
}
