internal import Catalog
internal import Expressions
internal import Monoids
internal import Records

/// The aggregates of one table. Equal states over the same arguments are stored once: AVG, SUM and COUNT of one column
/// take two fields.
struct AggregateSet {
    private(set) var states: [StateField] = []
    /// One for each of `states`.
    private(set) var arguments: [StateArguments] = []
    private(set) var aggregates: [AggregateColumn] = []
    private var numbers = FieldNumbers()
    private var names: Set<String> = []

    var nextNumber: Int { numbers.next }

    mutating func takeNumber() -> Int { numbers.take() }

    /// The index of the aggregate, new or known.
    mutating func add(
        _ function: AggregateFunction, _ expressions: [Expression], where condition: Expression?, type: ValueType,
        columnNames: [String]
    ) -> Int {
        let stateNumbers = function.states.map { kind in
            state(kind, expressions, where: condition, columnNames: columnNames)
        }
        let aggregate = AggregateColumn(function: function, stateNumbers: stateNumbers, type: type)
        if let index = aggregates.firstIndex(of: aggregate) { return index }
        aggregates.append(aggregate)
        return aggregates.count - 1
    }

    private mutating func state(
        _ kind: MonoidKind, _ expressions: [Expression], where condition: Expression?, columnNames: [String]
    ) -> Int {
        let wanted = StateArguments(
            expressions: kind == .count ? expressions.map(Self.counted) : expressions, condition: condition)
        for (state, known) in zip(states, arguments) where state.monoid == kind && known == wanted {
            return state.number
        }
        let field = StateField(
            number: numbers.take(), name: takeName(kind, wanted, columnNames), monoid: kind,
            types: wanted.expressions.map(\.type))
        states.append(field)
        arguments.append(wanted)
        return field.number
    }

    /// To count, it does not matter what an INT64 was made into: a DOUBLE is NULL where it was.
    private static func counted(_ expression: Expression) -> Expression {
        if case .cast(let operand, to: .double) = expression, operand.type == .int64 { return operand }
        return expression
    }

    /// `sum_dep_delay`, for people and for generated code.
    private mutating func takeName(
        _ kind: MonoidKind, _ arguments: StateArguments, _ columnNames: [String]
    ) -> String {
        var parts = [kind.stateName]
        parts += arguments.expressions.flatMap { $0.columnIndices.sorted() }.map { columnNames[$0].lowercased() }
        if arguments.condition != nil { parts.append("if") }
        let base = String(parts.joined(separator: "_").map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
        var name = base
        var copy = 2
        while !names.insert(name).inserted {
            name = "\(base)_\(copy)"
            copy += 1
        }
        return name
    }
}

/// Gives out the numbers of a table's fields.
struct FieldNumbers {
    private(set) var next: Int

    init(next: Int = 1) {
        self.next = next
    }

    /// Protobuf keeps 19000 to 19999 for itself.
    private static let withheld = [TableEntry.reservedFieldNumbers, 19_000...19_999]

    mutating func take() -> Int {
        let number = next
        next += 1
        for range in Self.withheld where range.contains(next) { next = range.upperBound + 1 }
        return number
    }
}

extension MonoidKind {
    fileprivate var stateName: String {
        switch self {
        case .count: "count"
        case .sumInt64, .sumDouble: "sum"
        case .sumOfSquares: "sum_of_squares"
        case .minimum: "min"
        case .maximum: "max"
        case .first: "first"
        case .last: "last"
        case .minimumBy: "min_by"
        case .maximumBy: "max_by"
        }
    }
}
