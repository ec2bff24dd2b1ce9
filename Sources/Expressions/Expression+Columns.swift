extension Expression {
    /// The columns of the batch that it reads.
    package var columnIndices: Set<Int> {
        if case .column(let index, _) = self { return [index] }
        return children.reduce(into: []) { $0.formUnion($1.columnIndices) }
    }

    /// The same over a batch whose columns stand elsewhere: `map` gives the new index for every index that is read.
    package func remapped(_ map: [Int: Int]) -> Expression {
        if case .column(let index, let type) = self {
            guard let target = map[index] else { preconditionFailure("column \(index) is read, but not mapped") }
            return .column(target, type)
        }
        return mapChildren { $0.remapped(map) }
    }

    /// How many expressions stand inside one another; a column or a literal is 1.
    package var depth: Int { 1 + children.reduce(0) { max($0, $1.depth) } }

    package var children: [Expression] {
        switch self {
        case .column, .literal: []
        case .cast(let operand, _), .not(let operand), .negate(let operand), .isNull(let operand): [operand]
        case .arithmetic(_, let left, let right), .comparison(_, let left, let right), .and(let left, let right),
            .or(let left, let right):
            [left, right]
        case .caseWhen(let branches, let otherwise, _):
            branches.flatMap { [$0.condition, $0.result] } + (otherwise.map { [$0] } ?? [])
        case .function(_, let arguments, _): arguments
        }
    }

    package func mapChildren(_ transform: (Expression) -> Expression) -> Expression {
        switch self {
        case .column, .literal: self
        case .cast(let operand, let type): .cast(transform(operand), to: type)
        case .not(let operand): .not(transform(operand))
        case .negate(let operand): .negate(transform(operand))
        case .isNull(let operand): .isNull(transform(operand))
        case .arithmetic(let symbol, let left, let right): .arithmetic(symbol, transform(left), transform(right))
        case .comparison(let symbol, let left, let right): .comparison(symbol, transform(left), transform(right))
        case .and(let left, let right): .and(transform(left), transform(right))
        case .or(let left, let right): .or(transform(left), transform(right))
        case .caseWhen(let branches, let otherwise, let type):
            .caseWhen(
                branches.map { Branch(condition: transform($0.condition), result: transform($0.result)) },
                otherwise: otherwise.map(transform), type)
        case .function(let function, let arguments, let type): .function(function, arguments.map(transform), type)
        }
    }
}
