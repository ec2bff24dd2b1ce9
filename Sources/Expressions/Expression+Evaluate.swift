package import Records

extension Expression {
    /// The value for every row of a batch. One pass over plain arrays for every node of the expression; a column that is
    /// only named is handed on without a copy.
    package func evaluate(over batch: RecordBatch) -> Column {
        vector(over: batch).column(rows: batch.count)
    }

    func vector(over batch: RecordBatch) -> Vector {
        switch self {
        case .column(let index, let type):
            precondition(batch.columns[index].type == type, "column \(index) is no \(type.rawValue)")
            return Vector(batch.columns[index])
        case .literal(let value, let type): return Vector(constant: value, type)
        case .cast(let operand, let type): return Cast.apply(operand.vector(over: batch), to: type)
        case .not(let operand): return Logic.not(operand.vector(over: batch))
        case .negate(let operand): return Arithmetic.negate(operand.vector(over: batch))
        case .isNull(let operand): return Logic.isNull(operand.vector(over: batch))
        case .arithmetic(let symbol, let left, let right):
            return Arithmetic.apply(symbol, left.vector(over: batch), right.vector(over: batch))
        case .comparison(let symbol, let left, let right):
            return Comparison.apply(symbol, left.vector(over: batch), right.vector(over: batch))
        case .and(let left, let right): return Logic.and(left.vector(over: batch), right.vector(over: batch))
        case .or(let left, let right): return Logic.or(left.vector(over: batch), right.vector(over: batch))
        case .caseWhen(let branches, let otherwise, let type):
            return Choice.caseWhen(
                branches.map { ($0.condition.vector(over: batch), $0.result.vector(over: batch)) },
                otherwise: otherwise?.vector(over: batch), type)
        case .function(let function, let arguments, let type):
            return function.apply(arguments.map { $0.vector(over: batch) }, type)
        }
    }
}

/// The rows for which a condition holds; NULL does not hold.
package func selectedRows(where condition: Expression, _ batch: RecordBatch) -> [Bool] {
    let column = condition.evaluate(over: batch)
    guard case .bool(let values) = column.storage else { preconditionFailure("a condition is a BOOL") }
    guard let nulls = column.nulls else { return values }
    return map(Lane(values), Lane(nulls)) { $0 && !$1 }
}
