internal import Expressions
internal import Records

extension Binder {
    func int64(_ text: String, at offset: Int) throws(SQLError) -> Int64 {
        guard let value = Int64(text) else {
            throw source.error(
                .meaning, at: offset, "\(text) is beyond INT64", hint: "with a point or an exponent it is a DOUBLE")
        }
        return value
    }

    func double(_ text: String, at offset: Int) throws(SQLError) -> Double {
        guard let value = Double(text), value.isFinite else {
            throw source.error(.meaning, at: offset, "\(text) is beyond DOUBLE")
        }
        return value
    }

    func timestamp(_ text: String, at offset: Int) throws(SQLError) -> Expression {
        guard let microseconds = Timestamp.parse(text) else {
            throw source.error(
                .meaning, at: offset, "'\(text)' is no TIMESTAMP",
                hint: "RFC 3339, as in '2013-01-01T05:15:00-05:00', or a date for its midnight in UTC")
        }
        return .literal(.timestamp(microseconds), .timestamp)
    }

    func timePart(_ text: String, at offset: Int) throws(SQLError) -> TimePart {
        if let part = TimePart(rawValue: text.uppercased()) { return part }
        throw source.error(
            .name, at: offset, "a time has no part \(text)",
            hint: Suggestion.hint(for: text, among: TimePart.allCases.map(\.rawValue), orAll: "the parts are"))
    }

    /// A minus before digits is part of the number, for the least INT64 has no positive counterpart.
    mutating func bindNegation(_ operand: ExpressionSyntax) throws(SQLError) -> Expression {
        if case .integer(let text) = operand.kind {
            return .literal(.int64(try int64("-" + text, at: operand.offset)), .int64)
        }
        let bound = try bind(operand)
        if bound.isNull { return .literal(.null, .int64) }
        guard bound.type == .int64 || bound.type == .double else {
            throw source.error(.meaning, at: operand.offset, "- takes a number, this is \(a(bound.type))")
        }
        // -0.0 equals 0.0, so that as a literal it would be taken for the same.
        if case .literal(.double(let value), _) = bound.expression, value != 0 {
            return .literal(.double(-value), .double)
        }
        return .negate(bound.expression)
    }

    mutating func bindCast(_ operand: ExpressionSyntax, _ type: ValueType) throws(SQLError) -> Expression {
        let bound = try bind(operand)
        if bound.isNull { return .literal(.null, type) }
        guard Cast.exists(from: bound.type, to: type) else {
            throw source.error(
                .meaning, at: operand.offset, "\(a(bound.type)) cannot be cast to \(type.rawValue)",
                hint: "\(a(bound.type)) can become \(castTargets(of: bound.type))")
        }
        return cast(bound.expression, to: type)
    }

    /// Literals become literals of the other type, so that equal aggregates over them are found equal.
    func cast(_ expression: Expression, to type: ValueType) -> Expression {
        if expression.type == type { return expression }
        if case .literal(.int64(let value), _) = expression, type == .double {
            return .literal(.double(Double(value)), .double)
        }
        return .cast(expression, to: type)
    }

    private func castTargets(of type: ValueType) -> String {
        alternatives(
            ValueType.allCases.filter { $0 != type && Cast.exists(from: type, to: $0) }.map(\.rawValue))
    }
}

/// `an INT64`, `a STRING`
func a(_ type: ValueType) -> String { (type == .int64 ? "an " : "a ") + type.rawValue }
