internal import Expressions
internal import Records

extension Binder {
    mutating func bindArithmetic(
        _ symbol: ArithmeticOperator, _ left: ExpressionSyntax, _ right: ExpressionSyntax
    ) throws(SQLError) -> Expression {
        let x = try bind(left)
        let y = try bind(right)
        if let moved = movedTime(symbol, x, y) { return moved }
        if symbol == .divide {
            return .arithmetic(
                .divide, try coerce(x, to: .double, "/ takes"), try coerce(y, to: .double, "/ takes"))
        }
        for operand in [x, y] where !operand.isNull && operand.type != .int64 && operand.type != .double {
            let hint =
                operand.type == .string && symbol == .add
                ? "strings are joined by ||"
                : operand.type == .timestamp ? "INT64 microseconds, such as INTERVAL 1 HOUR, move a TIMESTAMP" : nil
            throw source.error(
                .meaning, at: operand.offset, "\(symbol.rawValue) takes numbers, this is \(a(operand.type))", hint: hint
            )
        }
        let isDouble = [x, y].contains { !$0.isNull && $0.type == .double }
        if symbol == .modulo, isDouble {
            throw source.error(
                .meaning, at: x.type == .double ? x.offset : y.offset, "% takes INT64s, this is a DOUBLE",
                hint: "CAST(... AS INT64) cuts it off towards zero")
        }
        let type: ValueType = isDouble ? .double : .int64
        return .arithmetic(symbol, try coerce(x, to: type, "takes"), try coerce(y, to: type, "takes"))
    }

    /// TIMESTAMP plus or minus microseconds, and the microseconds between two; nil for anything else.
    private func movedTime(_ symbol: ArithmeticOperator, _ x: Bound, _ y: Bound) -> Expression? {
        func isTime(_ bound: Bound) -> Bool { !bound.isNull && bound.type == .timestamp }
        func isCount(_ bound: Bound) -> Bool { bound.isNull || bound.type == .int64 }
        func count(_ bound: Bound) -> Expression { bound.isNull ? .literal(.null, .int64) : bound.expression }
        switch symbol {
        case .add where isTime(x) && isCount(y): return .arithmetic(.add, x.expression, count(y))
        case .add where isCount(x) && isTime(y): return .arithmetic(.add, y.expression, count(x))
        case .subtract where isTime(x) && isCount(y): return .arithmetic(.subtract, x.expression, count(y))
        case .subtract where isTime(x) && isTime(y):
            return .arithmetic(.subtract, .cast(x.expression, to: .int64), .cast(y.expression, to: .int64))
        default: return nil
        }
    }

    func concat(_ parts: [Bound], _ what: String) throws(SQLError) -> Expression {
        let isBytes = parts.contains { !$0.isNull && $0.type == .bytes }
        let type: ValueType = isBytes ? .bytes : .string
        var expressions: [Expression] = []
        for part in parts { expressions.append(try coerce(part, to: type, "\(what) takes")) }
        return .function(.concat, expressions, type)
    }

    func comparison(
        _ symbol: ComparisonOperator, _ left: Bound, _ right: Bound, at offset: Int
    ) throws(SQLError) -> Expression {
        if left.isNull || right.isNull {
            throw source.error(
                .meaning, at: left.isNull ? left.offset : right.offset,
                "nothing compares with NULL: the result is NULL",
                hint: "write IS NULL, IS NOT NULL or IS DISTINCT FROM")
        }
        let (operands, _) = try unify([left, right], "both sides of \(symbol.rawValue)")
        return .comparison(symbol, operands[0], operands[1])
    }

    mutating func bindTest(
        _ operand: ExpressionSyntax, _ test: ExpressionSyntax.TruthTest
    ) throws(SQLError) -> Expression {
        if case .null = test { return .isNull(try bind(operand).expression) }
        var condition = try bind(operand, as: .bool, "IS TRUE and IS FALSE take")
        if case .no = test { condition = .not(condition) }
        return .function(.coalesce, [condition, .literal(.bool(false), .bool)], .bool)
    }

    /// A comparison for which NULL is a value like any other.
    mutating func bindDistinction(
        _ left: ExpressionSyntax, _ right: ExpressionSyntax
    ) throws(SQLError) -> Expression {
        let (operands, _) = try unify([try bind(left), try bind(right)], "both sides of IS DISTINCT FROM")
        let areBothNull = Expression.and(.isNull(operands[0]), .isNull(operands[1]))
        let areEqual = Expression.comparison(.equal, operands[0], operands[1])
        // Where one is NULL, the comparison is, and whether both are decides.
        return .not(.function(.coalesce, [areEqual, areBothNull], .bool))
    }

    mutating func bindMembership(
        _ operand: ExpressionSyntax, _ items: [ExpressionSyntax]
    ) throws(SQLError) -> Expression {
        let (expressions, _) = try unify(try bindAll([operand] + items), "the items of IN")
        return .function(.isIn, expressions, .bool)
    }

    mutating func bindCase(
        _ operand: ExpressionSyntax?, _ branches: [BranchSyntax], otherwise: ExpressionSyntax?
    ) throws(SQLError) -> Expression {
        var conditions: [Expression] = []
        let compared = try operand.map { operand throws(SQLError) in try bind(operand) }
        for branch in branches {
            if let compared {
                conditions.append(
                    try comparison(.equal, compared, try bind(branch.condition), at: branch.condition.offset))
            } else {
                conditions.append(try bind(branch.condition, as: .bool, "WHEN takes"))
            }
        }
        let results = try bindAll(branches.map(\.result) + (otherwise.map { [$0] } ?? []))
        let (expressions, type) = try unify(results, "the results of CASE")
        return .caseWhen(
            zip(conditions, expressions).map { Expression.Branch(condition: $0, result: $1) },
            otherwise: otherwise == nil ? nil : expressions.last, type)
    }
}
