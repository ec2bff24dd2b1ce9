package import Records

// A scalar expression is total: every input has a result, and no row can make one fail. What has no result in
// arithmetic (a division by zero, an INT64 overflow, a cast of text that is no number) is NULL.
//
// There is one evaluator, over batches of columns (`Expression+Evaluate.swift`): processors run it over records,
// lookups over presented aggregates, so that WHERE and a column of a table can never disagree.

/// A typed scalar expression over the columns of a batch. The catalog stores it; the case names are part of that.
package indirect enum Expression: Codable, Hashable, Sendable {
    /// The column at an index of the batch.
    case column(Int, ValueType)
    case literal(Value, ValueType)
    /// See `Cast` for what has a result.
    case cast(Expression, to: ValueType)
    case not(Expression)
    case negate(Expression)
    case isNull(Expression)
    case arithmetic(ArithmeticOperator, Expression, Expression)
    case comparison(ComparisonOperator, Expression, Expression)
    case and(Expression, Expression)
    case or(Expression, Expression)
    /// NULL where no branch holds and `otherwise` is nil.
    case caseWhen([Branch], otherwise: Expression?, ValueType)
    case function(ScalarFunction, [Expression], ValueType)

    package struct Branch: Codable, Hashable, Sendable {
        package var condition: Expression
        package var result: Expression

        package init(condition: Expression, result: Expression) {
            self.condition = condition
            self.result = result
        }
    }

    package var type: ValueType {
        switch self {
        case .column(_, let type), .literal(_, let type), .cast(_, let type), .caseWhen(_, _, let type),
            .function(_, _, let type):
            type
        case .not, .isNull, .comparison, .and, .or: .bool
        case .negate(let operand): operand.type
        case .arithmetic(.divide, _, _): .double
        case .arithmetic(_, let left, _): left.type
        }
    }
}

/// Both operands have the same type, INT64 or DOUBLE, but for TIMESTAMP + INT64 and TIMESTAMP - INT64 (microseconds);
/// `divide` takes DOUBLEs and `modulo` INT64s. The binder casts.
package enum ArithmeticOperator: String, Codable, Hashable, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case modulo = "%"
}

/// Both operands have the same type. Doubles are ordered as keys are: -0.0 equals 0.0, NaN equals itself and
/// is greater than everything. Strings and bytes compare byte by byte.
package enum ComparisonOperator: String, Codable, Hashable, Sendable {
    case equal = "="
    case notEqual = "<>"
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
}
