internal import Catalog
internal import Expressions
internal import Monoids
internal import Records

/// What one table takes from a batch: its statement, with every expression replaced by its place in the pool.
struct TablePlan: Sendable {
    enum Body: Sendable {
        case aggregate([State])
        /// `values` in the order of the table's columns.
        case upsert(values: [Int], delete: Int?)
    }

    struct State: Sendable {
        var number: Int
        var kind: MonoidKind
        var types: [StateType]
        var x: Int?
        var y: Int?
        var condition: Int?
    }

    let table: TableEntry
    let filter: Int?
    let keys: [Int]
    let pane: PaneStarts?
    let body: Body

    /// nil for a table that only loads fill.
    init?(
        _ table: TableEntry, input: InputTableEntry, pool: inout ExpressionPool, joins: inout JoinPool
    ) throws(ProcessorsError) {
        self.table = table
        pane = try table.pane.map { pane throws(ProcessorsError) in try PaneStarts(pane) }
        guard pane == nil || input.eventTimeColumn != nil else {
            throw ProcessorsError(.invalidPlan, "table \(table.name) has panes, but \(input.name) has no event time")
        }
        let queryKeys: [Expression]
        let scope: JoinScope
        switch table.source {
        case .loads: return nil
        case .upsert(let query):
            scope = try joins.scope(of: query.joins, filter: query.filter)
            filter = scope.resolve(filter: query.filter).map { pool.index(of: $0) }
            queryKeys = query.keys
            guard query.values.map(\.type) == table.columns.map(\.type) else {
                throw ProcessorsError(.invalidPlan, "the columns of table \(table.name) are not what fills them")
            }
            body = .upsert(
                values: query.values.map { pool.index(of: scope.resolve($0)) },
                delete: query.delete.map { pool.index(of: scope.resolve($0)) })
        case .aggregate(let query):
            scope = try joins.scope(of: query.joins, filter: query.filter)
            filter = scope.resolve(filter: query.filter).map { pool.index(of: $0) }
            queryKeys = query.keys
            body = .aggregate(try Self.states(of: table, query, input: input, scope: scope, pool: &pool))
        }
        let keyTypes = queryKeys.map(\.type) + (pane == nil ? [] : [.timestamp])
        guard keyTypes == table.keyColumns.map(\.type) else {
            throw ProcessorsError(.invalidPlan, "the key of table \(table.name) is not what fills it")
        }
        keys = queryKeys.map { pool.index(of: scope.resolve($0)) }
    }

    private static func states(
        of table: TableEntry, _ query: AggregateQuery, input: InputTableEntry, scope: JoinScope,
        pool: inout ExpressionPool
    ) throws(ProcessorsError) -> [State] {
        guard query.arguments.count == table.stateFields.count else {
            throw ProcessorsError(.invalidPlan, "the states of table \(table.name) are not what fills them")
        }
        var states: [State] = []
        for (field, arguments) in zip(table.stateFields, query.arguments) {
            guard let kind = field.monoid, arguments.expressions.count <= 2 else {
                throw ProcessorsError(.invalidPlan, "state \(field.name) of table \(table.name) has no monoid")
            }
            if kind == .first || kind == .last, input.eventTimeColumn == nil {
                throw ProcessorsError(
                    .invalidPlan, "state \(field.name) of table \(table.name) needs an event time in \(input.name)")
            }
            let places = arguments.expressions.map { pool.index(of: scope.resolve($0)) }
            states.append(
                State(
                    number: field.number, kind: kind, types: arguments.expressions.map { StateType($0.type) },
                    x: places.first, y: places.count > 1 ? places[1] : nil,
                    condition: arguments.condition.map { pool.index(of: scope.resolve($0)) }))
        }
        // A message's fields stand by ascending number.
        return states.sorted { $0.number < $1.number }
    }
}

extension StateType {
    init(_ type: ValueType) {
        switch type {
        case .bool: self = .bool
        case .int64, .timestamp: self = .int64
        case .double: self = .double
        case .string, .bytes: self = .bytes
        }
    }
}
