internal import Catalog
internal import Expressions
internal import Records

/// The columns that a query's expressions can name: those of the input table, then those of one joined table after the
/// other, all of them; `narrowed` leaves out what nothing read.
struct QueryScope {
    struct Column {
        var name: String
        var type: ValueType
    }

    /// The input table, or a joined one.
    struct Source {
        /// What stands before the point in `f.dest`, as it was written.
        var name: String
        /// For an error message: `input table flights`.
        var title: String
        var columns: [Column]
        /// Where its columns begin among those of the scope.
        var first: Int

        var range: Range<Int> { first..<first + columns.count }
    }

    let input: InputTableEntry
    private(set) var sources: [Source]
    /// With every column of their tables.
    private(set) var joins: [JoinClause] = []

    init(_ input: InputTableEntry, alias: Name?) {
        self.input = input
        sources = [
            Source(
                name: alias?.text ?? input.name, title: "input table \(input.name)",
                columns: input.columns.map { Column(name: $0.name, type: $0.type) }, first: 0)
        ]
    }

    var columns: [Column] { sources.flatMap(\.columns) }

    /// Adds a joined table whose key is not bound yet.
    mutating func join(_ table: TableEntry, as name: Name) {
        sources.append(
            Source(
                name: name.text, title: "table \(table.name)",
                columns: table.keyColumns.map { Column(name: $0.name, type: $0.type) }
                    + table.columns.map { Column(name: $0.name, type: $0.type) }, first: columns.count))
    }

    mutating func append(_ clause: JoinClause) { joins.append(clause) }

    func source(named name: Name) -> Source? { sources.first { $0.name.lowercased() == name.key } }

    func column(_ qualifier: Name?, _ name: Name, in text: SourceText) throws(SQLError) -> Expression {
        let searched: [Source]
        if let qualifier {
            guard let source = source(named: qualifier) else { throw noTable(qualifier, in: text) }
            searched = [source]
        } else {
            searched = sources
        }
        let found = searched.compactMap { source -> (source: Source, index: Int)? in
            source.columns.firstIndex { $0.name.lowercased() == name.key }.map { (source, $0) }
        }
        guard let (source, index) = found.first else { throw unknown(name, in: searched, text) }
        guard found.count == 1 else {
            let names = found.map { "\(quoted(identifier: $0.source.name)).\(quoted(identifier: name.text))" }
            throw text.error(
                .name, at: name.offset,
                "\(name.text) is a column of \(found.map(\.source.title).joined(separator: " and of "))",
                hint: "write \(alternatives(names))")
        }
        return .column(source.first + index, source.columns[index].type)
    }

    func noTable(_ qualifier: Name, in text: SourceText) -> SQLError {
        text.error(
            .name, at: qualifier.offset, "there is no table \(qualifier.text) in this query",
            hint: Suggestion.hint(for: qualifier.text, among: sources.map(\.name), orAll: "it reads"))
    }

    private func unknown(_ name: Name, in searched: [Source], _ text: SourceText) -> SQLError {
        let names = searched.flatMap(\.columns).map(\.name)
        let hint =
            name.isQuoted
            ? "a string stands in single quotes; double quotes are for names"
            : Suggestion.hint(
                for: name.text, among: names, orAll: searched.count == 1 ? "its columns are" : "there are")
        return text.error(
            .name, at: name.offset,
            "there is no column \(name.text) in \(searched.map(\.title).joined(separator: " or in "))", hint: hint)
    }

    /// The joins with no columns but those that the expressions and the joins' own keys read.
    func narrowed(to expressions: [Expression]) -> NarrowedScope {
        let used = (expressions + joins.flatMap(\.keys)).reduce(into: Set<Int>()) { $0.formUnion($1.columnIndices) }
        var narrowed = NarrowedScope(inputColumns: input.columns.count)
        for (join, source) in zip(joins, sources.dropFirst()) {
            var clause = join
            clause.keys = join.keys.map(narrowed.place)
            for (index, column) in zip(source.range, source.columns) where used.contains(index) {
                narrowed.take(index)
                clause.columns.append(JoinedColumn(name: column.name, type: column.type))
            }
            narrowed.joins.append(clause)
        }
        return narrowed
    }
}

/// A scope without what nothing reads, as a plan has it.
struct NarrowedScope {
    fileprivate(set) var joins: [JoinClause] = []
    /// Where each column of the scope stands.
    private var places: [Int: Int]

    fileprivate init(inputColumns: Int) {
        places = Dictionary(uniqueKeysWithValues: (0..<inputColumns).map { ($0, $0) })
    }

    fileprivate mutating func take(_ index: Int) { places[index] = places.count }

    /// The expression, which was bound over the whole scope.
    func place(_ expression: Expression) -> Expression { expression.remapped(places) }

    func place(_ arguments: StateArguments) -> StateArguments {
        StateArguments(
            expressions: arguments.expressions.map(place), condition: arguments.condition.map(place))
    }
}
