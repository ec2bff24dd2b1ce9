internal import Catalog
internal import Expressions
internal import Monoids
internal import Records

extension Planner {
    /// The last key column of a table with panes.
    private static let paneColumn = "window_start"

    func planAggregate(
        _ syntax: TableSyntax, _ query: QuerySyntax, over scope: QueryScope
    ) throws(SQLError) -> TableDraft {
        try refuseUpsertClauses(syntax, query)
        let pane = try query.pane.map { pane throws(SQLError) in try plan(pane, over: scope.input) }
        guard query.groups != nil || pane != nil else {
            throw source.error(
                .meaning, at: query.offset, "aggregates need GROUP BY, or panes",
                hint: "the items of GROUP BY become the table's key")
        }
        var binder = Binder(source: source, scope: scope, place: .record(clause: "WHERE"))
        let filter = try query.filter.map { filter throws(SQLError) in try binder.bindCondition(filter, "WHERE") }
        var groups = try bindGroups(query, &binder)
        let columns = try bindItems(query, &groups, hasPanes: pane != nil, &binder)
        var keys: [KeyColumn] = []
        for group in groups {
            guard let name = group.name else {
                throw source.error(
                    .meaning, at: group.offset, "this key column has no name",
                    hint: "name the same expression in the SELECT list: ... AS name")
            }
            keys.append(KeyColumn(name: name.text, type: group.expression.type))
        }
        let shardColumnCount = try shardColumnCount(syntax, keys)
        if pane != nil { keys.append(KeyColumn(name: Self.paneColumn, type: .timestamp)) }
        try checkDistinct(keys, columns, groups.compactMap(\.name))
        guard !binder.aggregates.states.isEmpty else {
            throw source.error(
                .meaning, at: query.offset, "GROUP BY needs an aggregate", hint: "for instance COUNT(*) AS records")
        }
        let (aggregates, tableColumns) = Self.pruned(binder.aggregates.aggregates, columns.map(\.column))
        let arguments = binder.aggregates.arguments
        let narrowed = scope.narrowed(
            to: [filter].compactMap { $0 } + groups.map(\.expression)
                + arguments.flatMap { $0.expressions + [$0.condition].compactMap { $0 } })
        return TableDraft(
            keyColumns: keys, shardColumnCount: shardColumnCount, stateFields: binder.aggregates.states,
            aggregates: aggregates, columns: tableColumns, nextFieldNumber: binder.aggregates.nextNumber, pane: pane,
            source: .aggregate(
                AggregateQuery(
                    input: scope.input.name, joins: narrowed.joins, filter: filter.map(narrowed.place),
                    keys: groups.map { narrowed.place($0.expression) }, arguments: arguments.map(narrowed.place))))
    }

    private func refuseUpsertClauses(_ syntax: TableSyntax, _ query: QuerySyntax) throws(SQLError) {
        if let offset = syntax.keyOffset {
            throw source.error(
                .meaning, at: offset, "the key of an aggregate table is its GROUP BY list",
                hint: "leave PRIMARY KEY out")
        }
        if let offset = query.deleteOffset {
            throw source.error(
                .meaning, at: offset, "DELETE WHERE is for upserts; an aggregate cannot forget a record",
                hint: "WHERE passes records over before they are counted")
        }
    }

    private func plan(_ syntax: QuerySyntax.PaneSyntax, over input: InputTableEntry) throws(SQLError) -> Pane {
        guard input.eventTimeColumn != nil else {
            throw source.error(
                .meaning, at: syntax.offset, "panes need an event time, and input table \(input.name) names none",
                hint: "end its statement with TIME column")
        }
        guard let zone = syntax.zone else { return Pane(widthMicroseconds: syntax.widthMicroseconds) }
        if zone.key == "utc" { return Pane(widthMicroseconds: syntax.widthMicroseconds) }
        guard TimeZoneNames.known.contains(zone.text) else {
            throw source.error(
                .name, at: zone.offset, "there is no time zone '\(zone.text)'",
                hint: Suggestion.hint(for: zone.text, among: TimeZoneNames.known) ?? "for instance 'America/New_York'")
        }
        return Pane(widthMicroseconds: syntax.widthMicroseconds, zone: zone.text)
    }

    // GROUP BY

    private struct Group {
        var expression: Expression
        var offset: Int
        var name: Name?
    }

    private func bindGroups(_ query: QuerySyntax, _ binder: inout Binder) throws(SQLError) -> [Group] {
        var groups: [Group] = []
        for item in query.groups ?? [] {
            let syntax = try groupSyntax(item, query, binder.scope)
            binder.place = .record(clause: "GROUP BY")
            let expression = try binder.bindWhole(syntax)
            guard !groups.contains(where: { $0.expression == expression }) else {
                throw source.error(.meaning, at: item.offset, "this stands in GROUP BY already")
            }
            var group = Group(expression: expression, offset: item.offset)
            if case .column(let index, _) = expression {
                group.name = Name(text: binder.scope.columns[index].name, offset: item.offset)
            }
            groups.append(group)
        }
        return groups
    }

    /// A number stands for an item of the SELECT list, and so does the name of one that no column has.
    private func groupSyntax(
        _ item: ExpressionSyntax, _ query: QuerySyntax, _ scope: QueryScope
    ) throws(SQLError) -> ExpressionSyntax {
        switch item.kind {
        case .integer(let text):
            guard let place = Int(text), query.items.indices.contains(place - 1),
                let expression = query.items[place - 1].expression
            else {
                throw source.error(
                    .meaning, at: item.offset, "the SELECT list has no item \(text)",
                    hint: "it has \(query.items.count)")
            }
            return expression
        case .column(nil, let name) where !scope.input.columns.contains { $0.name.lowercased() == name.key }:
            return query.items.first { $0.alias?.key == name.key }?.expression ?? item
        default: return item
        }
    }

    // SELECT

    private func bindItems(
        _ query: QuerySyntax, _ groups: inout [Group], hasPanes: Bool, _ binder: inout Binder
    ) throws(SQLError) -> [(column: TableColumn, offset: Int)] {
        var columns: [(column: TableColumn, offset: Int)] = []
        var taken: Set<Int> = []
        var named: Set<Int> = []
        for item in query.items {
            guard let syntax = item.expression else {
                throw source.error(
                    .meaning, at: item.offset, "a query with aggregates has no *",
                    hint: "name the keys and the aggregates")
            }
            if try isPaneColumn(item, syntax, hasPanes, binder.scope) { continue }
            if !syntax.containsAggregate, let key = try key(syntax, groups, &binder) {
                let name = try name(of: item, syntax, binder.scope)
                guard named.insert(key).inserted else {
                    throw source.error(.meaning, at: item.offset, "this key column stands in the SELECT list already")
                }
                groups[key].name = name
                continue
            }
            binder.place = .aggregates(keyColumns: Set(groups.flatMap(\.expression.columnIndices)))
            let expression = try binder.bindWhole(syntax)
            let name = try name(of: item, syntax, binder.scope)
            columns.append((column(name, expression, &taken, &binder.aggregates), item.offset))
        }
        return columns
    }

    /// `window_start` can be named, but comes in any case.
    private func isPaneColumn(
        _ item: QuerySyntax.Item, _ syntax: ExpressionSyntax, _ hasPanes: Bool, _ scope: QueryScope
    ) throws(SQLError) -> Bool {
        guard hasPanes, case .column(nil, let name) = syntax.kind, name.key == Self.paneColumn,
            !scope.input.columns.contains(where: { $0.name.lowercased() == Self.paneColumn })
        else { return false }
        guard let alias = item.alias, alias.key != Self.paneColumn else { return true }
        throw source.error(.meaning, at: alias.offset, "\(Self.paneColumn) has no other name")
    }

    /// Which item of GROUP BY it is.
    private func key(
        _ syntax: ExpressionSyntax, _ groups: [Group], _ binder: inout Binder
    ) throws(SQLError) -> Int? {
        binder.place = .record(clause: "SELECT")
        let expression = try binder.bindWhole(syntax)
        return groups.firstIndex { $0.expression == expression }
    }

    /// A column that is presented as it is stored has the number of its state.
    private func column(
        _ name: Name, _ expression: Expression, _ taken: inout Set<Int>, _ aggregates: inout AggregateSet
    ) -> TableColumn {
        if case .column(let index, let type) = expression {
            let aggregate = aggregates.aggregates[index]
            if aggregate.function.isPresentedAsStored, taken.insert(aggregate.stateNumbers[0]).inserted {
                return TableColumn(number: aggregate.stateNumbers[0], name: name.text, type: type)
            }
        }
        return TableColumn(
            number: aggregates.takeNumber(), name: name.text, type: expression.type, expression: expression)
    }

    private func checkDistinct(
        _ keys: [KeyColumn], _ columns: [(column: TableColumn, offset: Int)], _ keyNames: [Name]
    ) throws(SQLError) {
        var names = keyNames
        if keys.count > keyNames.count {
            if let name = keyNames.first(where: { $0.key == Self.paneColumn }) {
                throw source.error(
                    .name, at: name.offset, "\(Self.paneColumn) is the key column that panes add",
                    hint: "rename this one with AS")
            }
            for (column, offset) in columns where column.name.lowercased() == Self.paneColumn {
                throw source.error(
                    .name, at: offset, "\(Self.paneColumn) is the key column that panes add",
                    hint: "rename this one with AS")
            }
        }
        names += columns.map { Name(text: $0.column.name, offset: $0.offset) }
        try checkColumns(names)
    }

    /// Without the aggregates that no column's expression reads, because the column is stored as it is presented.
    private static func pruned(
        _ aggregates: [AggregateColumn], _ columns: [TableColumn]
    ) -> ([AggregateColumn], [TableColumn]) {
        let used = columns.reduce(into: Set<Int>()) { $0.formUnion($1.expression?.columnIndices ?? []) }.sorted()
        let places = Dictionary(uniqueKeysWithValues: used.enumerated().map { ($0.element, $0.offset) })
        let remapped = columns.map { column in
            var column = column
            column.expression = column.expression?.remapped(places)
            return column
        }
        return (used.map { aggregates[$0] }, remapped)
    }
}
