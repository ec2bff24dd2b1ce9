internal import Expressions
internal import Records

// What becomes another type unasked: NULL every type, INT64 a DOUBLE beside one, a string literal a TIMESTAMP beside
// one. Everything else needs a CAST, so that nothing is compared in a way that nobody meant.

extension Binder {
    mutating func bind(
        _ syntax: ExpressionSyntax, as type: ValueType, _ what: String
    ) throws(SQLError) -> Expression {
        try coerce(try bind(syntax), to: type, what)
    }

    /// `what` is the beginning of an error message: `LOWER takes`.
    func coerce(_ bound: Bound, to type: ValueType, _ what: String) throws(SQLError) -> Expression {
        if let coerced = try coerced(bound, to: type) { return coerced }
        throw source.error(
            .meaning, at: bound.offset, "\(what) \(a(type)), this is \(a(bound.type))",
            hint: Cast.exists(from: bound.type, to: type) ? "CAST(... AS \(type.rawValue)) makes it one" : nil)
    }

    private func coerced(_ bound: Bound, to type: ValueType) throws(SQLError) -> Expression? {
        if bound.isNull { return .literal(.null, type) }
        if bound.type == type { return bound.expression }
        if bound.type == .int64, type == .double { return cast(bound.expression, to: .double) }
        if case .string(let text) = bound.flexibility, type == .timestamp {
            return try timestamp(text, at: bound.offset)
        }
        return nil
    }

    /// All as one type; `what` names them in the error: `the results of CASE`.
    func unify(_ bounds: [Bound], _ what: String) throws(SQLError) -> (expressions: [Expression], type: ValueType) {
        var type: ValueType?
        for bound in bounds where !bound.isNull {
            switch (type, bound.type) {
            case (nil, let own): type = own
            case (.int64, .double): type = .double
            case (.string, .timestamp): type = .timestamp
            default: break
            }
        }
        let common = type ?? .string
        var expressions: [Expression] = []
        for bound in bounds {
            guard let expression = try coerced(bound, to: common) else {
                // The one that decided the type may be another string, and no literal.
                throw source.error(
                    .meaning, at: bound.offset,
                    "\(what) have one type, but this is \(a(bound.type)) beside \(a(common))",
                    hint: castHint(bound.type, common))
            }
            expressions.append(expression)
        }
        return (expressions, common)
    }

    private func castHint(_ one: ValueType, _ other: ValueType) -> String? {
        if Cast.exists(from: one, to: other) { return "CAST(... AS \(other.rawValue)) makes it one" }
        return Cast.exists(from: other, to: one) ? "CAST(... AS \(one.rawValue)) changes the other" : nil
    }
}
