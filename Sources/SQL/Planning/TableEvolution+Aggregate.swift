internal import Catalog
internal import Expressions
internal import Monoids
internal import Records

// A column is computed from states, when it is read; so it may become whatever the states give. A state counts from when it was
// added: panes that began before present NULL. A table without panes cannot say which of its rows are whole, so that all of
// them do, until a version that was built from history serves.

extension TableEvolution {
    mutating func evolveAggregate(
        _ table: inout TableEntry, _ formerQuery: AggregateQuery, _ wantedQuery: AggregateQuery, _ match: ColumnMatch
    ) throws(Refusal) {
        var states = StateMatch(former, formerQuery, wanted, wantedQuery, match)
        var columns: [TableColumn] = []
        for column in wanted.columns {
            let meaning = Meaning(column, in: wanted)
            let isNew = meaning.states.contains(where: states.isNew)
            let formerIndex = former.column(named: column.name)
            if isNew {
                if formerIndex != nil { throw otherMeaning(column) }
                for state in meaning.states { states.add(state, now: now) }
            }
            columns.append(
                place(column, meaning, formerIndex.map { former.columns[$0] }, isNew: isNew, &states))
        }
        states.finish(&table, columns)
    }

    /// The column with its number, over the aggregates as `states` gathers them.
    private mutating func place(
        _ column: TableColumn, _ meaning: Meaning, _ formerColumn: TableColumn?, isNew: Bool, _ states: inout StateMatch
    ) -> TableColumn {
        var placed = column
        if let formerColumn, formerColumn.type == column.type {
            let stored = formerColumn.expression == nil
            if case .stored(let state) = meaning, stored, states.number(of: state) == formerColumn.number {
                placed.number = formerColumn.number
                placed.expression = nil
                return placed
            }
            placed.expression = states.expression(of: meaning, column.type)
            // The number of a column that is stored is its state's, which may be needed still.
            placed.number = stored ? states.numbers.take() : formerColumn.number
            if formerColumn.expression != placed.expression {
                note("column \(column.name) is computed otherwise, in every row")
            }
            return placed
        }
        if case .stored(let state) = meaning, isNew, let number = states.takeStored(state) {
            placed.number = number
            placed.expression = nil
        } else {
            placed.expression = states.expression(of: meaning, column.type)
            placed.number = states.numbers.take()
        }
        if let formerColumn {
            note("column \(column.name) is \(column.type.rawValue), was \(formerColumn.type.rawValue)")
        } else if isNew {
            note(
                former.pane == nil
                    ? "new column \(column.name); it is NULL in every row until `maser backfill \(former.name) --from earliest`"
                    : "new column \(column.name); panes that began before now present NULL in it, until a backfill")
        } else {
            note("new column \(column.name), computed from what is stored")
        }
        return placed
    }
}

/// What a column of an aggregate table presents.
private enum Meaning {
    /// A state as it is stored, by its number.
    case stored(Int)
    /// An expression over aggregates, with theirs.
    case computed(Expression, [AggregateColumn])

    init(_ column: TableColumn, in table: TableEntry) {
        guard let expression = column.expression else {
            self = .stored(column.number)
            return
        }
        if case .column(let index, _) = expression, table.aggregates[index].function.isPresentedAsStored {
            self = .stored(table.aggregates[index].stateNumbers[0])
        } else {
            self = .computed(expression, table.aggregates)
        }
    }

    /// Numbers of the states that it needs.
    var states: [Int] {
        switch self {
        case .stored(let number): [number]
        case .computed(let expression, let aggregates):
            Set(expression.columnIndices.flatMap { aggregates[$0].stateNumbers }).sorted()
        }
    }
}

/// The states of a deployed table that its new statement wants, and those that it adds.
private struct StateMatch {
    private let former: TableEntry
    private let wanted: TableEntry
    private let wantedArguments: [Int: StateArguments]
    /// The number in the deployed table of each wanted state that it has, or gets.
    private var matched: [Int: Int] = [:]
    private var added: [StateField] = []
    /// By the states' own numbers.
    private var arguments: [Int: StateArguments] = [:]
    /// New states that a column presents as they are.
    private var taken: Set<Int> = []
    /// The deployed aggregates, so that deployed expressions read them, then those that are new.
    private var aggregates: [AggregateColumn]
    var numbers: FieldNumbers

    init(
        _ former: TableEntry, _ formerQuery: AggregateQuery, _ wanted: TableEntry, _ wantedQuery: AggregateQuery,
        _ match: ColumnMatch
    ) {
        self.former = former
        self.wanted = wanted
        aggregates = former.aggregates
        numbers = FieldNumbers(next: former.nextFieldNumber)
        wantedArguments = Dictionary(
            zip(wanted.stateFields.map(\.number), wantedQuery.arguments), uniquingKeysWith: { first, _ in first })
        let known = zip(former.stateFields, formerQuery.arguments.map(match.carried))
        for (state, arguments) in zip(wanted.stateFields, wantedQuery.arguments) {
            let alike = known.first { $0.monoid == state.monoid && $0.types == state.types && $1 == arguments }
            guard let alike else { continue }
            matched[state.number] = alike.0.number
            self.arguments[alike.0.number] = arguments
        }
    }

    func number(of state: Int) -> Int? { matched[state] }

    func isNew(_ state: Int) -> Bool {
        guard let number = matched[state] else { return true }
        return number >= former.nextFieldNumber
    }

    mutating func add(_ state: Int, now: Int64) {
        guard matched[state] == nil, var field = wanted.stateFields.first(where: { $0.number == state }) else { return }
        field.number = numbers.take()
        field.addedAt = now
        let names = Set((former.stateFields + added).map(\.name))
        let base = field.name
        var copy = 2
        while names.contains(field.name) {
            field.name = "\(base)_\(copy)"
            copy += 1
        }
        matched[state] = field.number
        arguments[field.number] = wantedArguments[state]
        added.append(field)
    }

    /// The number of a new state that no column has yet, which then is the column's.
    mutating func takeStored(_ state: Int) -> Int? {
        guard isNew(state), let number = matched[state], taken.insert(number).inserted else { return nil }
        return number
    }

    mutating func expression(of meaning: Meaning, _ type: ValueType) -> Expression {
        switch meaning {
        case .stored(let state):
            let kind = wanted.stateFields.first { $0.number == state }?.monoid
            let function: AggregateFunction =
                switch kind {
                case .minimum: .minimum
                case .maximum: .maximum
                default: .count
                }
            return .column(place(AggregateColumn(function: function, stateNumbers: [state], type: type)), type)
        case .computed(let expression, let wantedAggregates):
            var places: [Int: Int] = [:]
            for index in expression.columnIndices { places[index] = place(wantedAggregates[index]) }
            return expression.remapped(places)
        }
    }

    /// The index of a wanted aggregate.
    private mutating func place(_ wanted: AggregateColumn) -> Int {
        var aggregate = wanted
        aggregate.stateNumbers = wanted.stateNumbers.compactMap { matched[$0] }
        if let index = aggregates.firstIndex(of: aggregate) { return index }
        aggregates.append(aggregate)
        return aggregates.count - 1
    }

    /// Leaves out what no column reads any more: its numbers are retired.
    func finish(_ table: inout TableEntry, _ columns: [TableColumn]) {
        let used = columns.reduce(into: Set<Int>()) { $0.formUnion($1.expression?.columnIndices ?? []) }.sorted()
        let places = Dictionary(uniqueKeysWithValues: used.enumerated().map { ($0.element, $0.offset) })
        table.aggregates = used.map { aggregates[$0] }
        table.columns = columns.map { column in
            var column = column
            column.expression = column.expression?.remapped(places)
            return column
        }
        let needed = Set(table.aggregates.flatMap(\.stateNumbers))
            .union(columns.filter { $0.expression == nil }.map(\.number))
        table.stateFields = (former.stateFields + added).filter { needed.contains($0.number) }
        table.nextFieldNumber = numbers.next
        if case .aggregate(var query) = wanted.source {
            query.arguments = table.stateFields.map { arguments[$0.number] ?? StateArguments(expressions: []) }
            table.source = .aggregate(query)
        }
    }
}
