internal import Catalog
internal import Expressions
internal import Records

// The queries over one input table share their joins as they share their expressions: two that look up the same columns of
// the same table by the same key look them up once. Therefore a batch has one wide set of columns: those of the input, then for
// each join whether a row was found, then that join's columns. An inner join is a condition like any other: that a row was found.

/// A lookup that every batch of an input makes.
struct JoinPlan: Sendable {
    let table: UInt32
    /// One for each key column of the table, over the wide columns before the join's own.
    let keys: [Expression]
    let columns: [JoinedColumn]
    /// For each of `columns` the key column that it is; nil for one that has to be looked up.
    let keyOfColumn: [Int?]
    /// Where the join's columns stand among the wide ones: whether a row was found, then `columns`.
    let first: Int
    /// Conditions over the input's columns alone, one for each query: a record that none of them lets pass needs no row. nil where a
    /// query has none.
    var gates: [Expression]? = []

    var width: Int { 1 + columns.count }

    var columnsRead: Set<Int> {
        (keys + (gates ?? [])).reduce(into: []) { $0.formUnion($1.columnIndices) }
    }
}

/// The distinct joins of the queries over one input table.
struct JoinPool {
    private let inputColumnCount: Int
    private let tables: [UInt32: TableEntry]
    private(set) var joins: [JoinPlan] = []

    /// `tables` has those that may be joined.
    init(inputColumnCount: Int, tables: [UInt32: TableEntry]) {
        self.inputColumnCount = inputColumnCount
        self.tables = tables
    }

    /// How many wide columns there are.
    var columnCount: Int { inputColumnCount + joins.reduce(0) { $0 + $1.width } }

    /// What the expressions of one query mean here.
    mutating func scope(of clauses: [JoinClause], filter: Expression?) throws(ProcessorsError) -> JoinScope {
        var scope = JoinScope(inputColumnCount: inputColumnCount)
        let gate = filter.flatMap { Self.conjuncts($0, readingBelow: inputColumnCount) }
        for clause in clauses {
            let index = try index(of: clause, in: scope)
            if let gate { joins[index].gates?.append(gate) } else { joins[index].gates = nil }
            scope.add(joins[index], isRequired: !clause.keepsUnmatched)
        }
        return scope
    }

    private mutating func index(of clause: JoinClause, in scope: JoinScope) throws(ProcessorsError) -> Int {
        guard let table = tables[clause.tableID] else {
            throw ProcessorsError(.invalidPlan, "a joined table does not exist")
        }
        let keys = clause.keys.map { scope.resolve($0) }
        guard keys.map(\.type) == table.keyColumns.map(\.type) else {
            throw ProcessorsError(.invalidPlan, "a join with \(table.name) is not by that table's key")
        }
        let known = joins.firstIndex {
            $0.table == clause.tableID && $0.keys == keys && $0.columns == clause.columns
        }
        if let known { return known }
        let names = table.keyColumns.map { $0.name.lowercased() }
        joins.append(
            JoinPlan(
                table: clause.tableID, keys: keys, columns: clause.columns,
                keyOfColumn: clause.columns.map { names.firstIndex(of: $0.name.lowercased()) }, first: columnCount))
        return joins.count - 1
    }

    /// Those parts of a condition that all have to hold and read none but the input's columns; nil where there are none.
    private static func conjuncts(_ condition: Expression, readingBelow limit: Int) -> Expression? {
        if case .and(let left, let right) = condition {
            let (left, right) = (conjuncts(left, readingBelow: limit), conjuncts(right, readingBelow: limit))
            if let left, let right { return .and(left, right) }
            return left ?? right
        }
        return condition.columnIndices.allSatisfy { $0 < limit } ? condition : nil
    }
}

/// One query's view of the wide columns: it sees those of the input, then those of its own joins, one after the other.
struct JoinScope {
    /// The wide column for each that the query sees.
    private var columns: [Int]
    /// Columns that say whether a row was found that has to be.
    private var required: [Int] = []

    init(inputColumnCount: Int) {
        columns = Array(0..<inputColumnCount)
    }

    fileprivate mutating func add(_ join: JoinPlan, isRequired: Bool) {
        if isRequired { required.append(join.first) }
        columns += (0..<join.columns.count).map { join.first + 1 + $0 }
    }

    /// The query's expression over the wide columns. One that reads what is not there stays so, for the preparer to refuse.
    func resolve(_ expression: Expression) -> Expression {
        var map: [Int: Int] = [:]
        for index in expression.columnIndices {
            map[index] = columns.indices.contains(index) ? columns[index] : Int(Int32.max)
        }
        return expression.remapped(map)
    }

    /// The query's filter, and that every row that has to be was found.
    func resolve(filter: Expression?) -> Expression? {
        let conditions = required.map { Expression.column($0, .bool) } + (filter.map { [resolve($0)] } ?? [])
        guard let first = conditions.first else { return nil }
        return conditions.dropFirst().reduce(first) { .and($0, $1) }
    }
}
