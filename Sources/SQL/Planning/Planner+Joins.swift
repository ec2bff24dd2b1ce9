internal import Catalog
internal import Expressions
internal import Records

// A join is a lookup: ON says, for every key column of the joined table, which value the record has for it. So it is a
// list of equations, and nothing else.

extension Planner {
    /// The columns that the query can name.
    mutating func scope(of query: QuerySyntax, over input: InputTableEntry) throws(SQLError) -> QueryScope {
        var scope = QueryScope(input, alias: query.inputAlias)
        for join in query.joins {
            let table = try joinable(join)
            let name = join.alias ?? join.table
            guard scope.source(named: name) == nil else {
                throw source.error(
                    .name, at: name.offset, "this query has a table \(name.text) already",
                    hint: "give this one another name: JOIN \(join.table.text) AS name")
            }
            scope.join(table, as: name)
            scope.append(
                JoinClause(
                    tableID: table.id, keepsUnmatched: join.keepsUnmatched, keys: try keys(of: table, join, in: scope),
                    columns: [], name: name.text))
        }
        return scope
    }

    private mutating func joinable(_ join: QuerySyntax.JoinSyntax) throws(SQLError) -> TableEntry {
        let name = join.table
        if let table = try ownTable(name) ?? snapshot.table(named: name.text) {
            return table
        }
        var hint = Suggestion.hint(for: name.text, among: tableNames)
        if inputs[name.key] != nil {
            hint = "\(name.text) is an input table: it has no keys to look up; CREATE TABLE makes a table of it"
        } else if categories[name.key] != nil {
            hint = "\(name.text) is a category; a join looks up in a table"
        }
        throw source.error(
            .name, at: name.offset, "there is no table \(name.text) to join", hint: hint ?? "CREATE TABLE makes one")
    }

    private var tableNames: [String] {
        (snapshot.tables.values.map(\.name) + ownTableNames).sorted()
    }

    /// One expression for each key column of the table, which is the last of the scope.
    private func keys(
        of table: TableEntry, _ join: QuerySyntax.JoinSyntax, in scope: QueryScope
    ) throws(SQLError) -> [Expression] {
        var keys = [Expression?](repeating: nil, count: table.keyColumns.count)
        for term in join.condition.conjuncts {
            let (index, expression, offset) = try equation(term, of: table, in: scope)
            guard keys[index] == nil else {
                throw source.error(
                    .meaning, at: offset, "ON says what \(table.keyColumns[index].name) equals already",
                    hint: "a condition on what was found stands in WHERE")
            }
            keys[index] = expression
        }
        let missing = zip(table.keyColumns, keys).filter { $1 == nil }.map(\.0.name)
        guard missing.isEmpty else {
            throw source.error(
                .meaning, at: join.condition.offset,
                "ON does not say what \(missing.joined(separator: " and ")) of table \(table.name) equals",
                hint:
                    "a join looks up by the full key, which is (\(table.keyColumns.map(\.name).joined(separator: ", ")))"
            )
        }
        return keys.compactMap { $0 }
    }

    /// `key column = expression`, in either order.
    private func equation(
        _ term: ExpressionSyntax, of table: TableEntry, in scope: QueryScope
    ) throws(SQLError) -> (key: Int, expression: Expression, offset: Int) {
        let example = "each part of ON is: key column of \(table.name) = expression"
        guard case .comparison(.equal, let left, let right) = term.kind else {
            throw source.error(
                .meaning, at: term.offset, "ON looks up by key, and takes only equations joined by AND", hint: example)
        }
        let joined = scope.sources[scope.sources.count - 1]
        for (side, other) in [(left, right), (right, left)] {
            guard let index = try joinedColumn(side, joined, scope) else { continue }
            guard index < table.keyColumns.count else {
                throw source.error(
                    .meaning, at: side.offset, "\(joined.columns[index].name) is not of the key of table \(table.name)",
                    hint: "the key is (\(table.keyColumns.map(\.name).joined(separator: ", "))); "
                        + "a condition on what was found stands in WHERE")
            }
            var binder = Binder(source: source, scope: scope, place: .record(clause: "ON"))
            let column = table.keyColumns[index]
            let expression = try binder.coerce(
                try binder.bind(other), to: column.type, "\(joined.name).\(column.name) equals")
            try binder.checkDepth(expression, at: other.offset)
            if let own = expression.columnIndices.first(where: joined.range.contains) {
                throw source.error(
                    .meaning, at: other.offset,
                    "\(scope.columns[own].name) is of table \(table.name) too, and is not known before its row is found",
                    hint: example)
            }
            return (index, expression, side.offset)
        }
        throw source.error(
            .meaning, at: term.offset, "this says nothing about the key of table \(table.name)",
            hint: "\(example); a condition on the record stands in WHERE")
    }

    /// The place of a side that is no more than a column of the joined table.
    private func joinedColumn(
        _ side: ExpressionSyntax, _ joined: QueryScope.Source, _ scope: QueryScope
    ) throws(SQLError) -> Int? {
        guard case .column(let qualifier, let name) = side.kind,
            case .column(let index, _) = try scope.column(qualifier, name, in: source), joined.range.contains(index)
        else { return nil }
        return index - joined.first
    }
}

extension ExpressionSyntax {
    /// What AND holds together.
    fileprivate var conjuncts: [ExpressionSyntax] {
        if case .all(let terms) = kind { terms.flatMap(\.conjuncts) } else { [self] }
    }
}
