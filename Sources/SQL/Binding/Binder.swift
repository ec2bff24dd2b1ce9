internal import Expressions
internal import Records

/// Gives expressions a meaning: names become columns, operators get types, and what has a type that does not fit is an
/// error where it stands.
struct Binder {
    /// Where aggregates can stand, and what else can stand there.
    enum Place: Equatable {
        /// Over one record, as in the clause named: there are no aggregates.
        case record(clause: String)
        /// Over aggregates: columns stand only inside them, those of the key too.
        case aggregates(keyColumns: Set<Int>)
        /// The argument of an aggregate.
        case argument(of: String)
    }

    let source: SourceText
    let scope: QueryScope
    var place: Place
    /// What the aggregates that were met need.
    var aggregates: AggregateSet

    init(source: SourceText, scope: QueryScope, place: Place, aggregates: AggregateSet = AggregateSet()) {
        self.source = source
        self.scope = scope
        self.place = place
        self.aggregates = aggregates
    }

    /// A whole expression. A NULL that nothing gives a type is a STRING.
    mutating func bindWhole(_ syntax: ExpressionSyntax) throws(SQLError) -> Expression {
        let expression = try bind(syntax).expression
        try checkDepth(expression, at: syntax.offset)
        return expression
    }

    /// Types and shorthands may have made it deeper than it was written.
    func checkDepth(_ expression: Expression, at offset: Int) throws(SQLError) {
        guard expression.depth > SQLLimits.expressionDepth else { return }
        throw source.error(.meaning, at: offset, "expressions nest at most \(SQLLimits.expressionDepth) deep")
    }

    mutating func bindCondition(_ syntax: ExpressionSyntax, _ clause: String) throws(SQLError) -> Expression {
        place = .record(clause: clause)
        let condition = try bindWhole(syntax)
        if condition.type == .bool { return condition }
        if case .literal(.null, _) = condition { return .literal(.null, .bool) }
        throw source.error(
            .meaning, at: syntax.offset, "\(clause) takes a BOOL, this is \(a(condition.type))",
            hint: "write a comparison, such as x > 0")
    }

    mutating func bind(_ syntax: ExpressionSyntax) throws(SQLError) -> Bound {
        let offset = syntax.offset
        switch syntax.kind {
        case .null: return Bound(expression: .literal(.null, .string), flexibility: .null, offset: offset)
        case .string(let text):
            return Bound(expression: .literal(.string(text), .string), flexibility: .string(text), offset: offset)
        default: return Bound(expression: try bindTyped(syntax), offset: offset)
        }
    }

    mutating func bindAll(_ syntaxes: [ExpressionSyntax]) throws(SQLError) -> [Bound] {
        var bounds: [Bound] = []
        for syntax in syntaxes { bounds.append(try bind(syntax)) }
        return bounds
    }

    private mutating func bindTyped(_ syntax: ExpressionSyntax) throws(SQLError) -> Expression {
        switch syntax.kind {
        case .column(let qualifier, let name): return try bindColumn(qualifier, name)
        case .null, .string: preconditionFailure("bound above")
        case .bool(let value): return .literal(.bool(value), .bool)
        case .integer(let text): return .literal(.int64(try int64(text, at: syntax.offset)), .int64)
        case .decimal(let text): return .literal(.double(try double(text, at: syntax.offset)), .double)
        case .bytes(let bytes): return .literal(.bytes(bytes), .bytes)
        case .timestamp(let text): return try timestamp(text, at: syntax.offset)
        case .interval(let microseconds): return .literal(.int64(microseconds), .int64)
        case .negate(let operand): return try bindNegation(operand)
        case .not(let operand): return .not(try bind(operand, as: .bool, "NOT takes"))
        case .all(let terms): return balanced(try bindBools(terms, "AND takes")) { .and($0, $1) }
        case .any(let terms): return balanced(try bindBools(terms, "OR takes")) { .or($0, $1) }
        case .arithmetic(let symbol, let left, let right): return try bindArithmetic(symbol, left, right)
        case .concat(let parts): return try concat(try bindAll(parts), "||")
        case .comparison(let symbol, let left, let right):
            return try comparison(symbol, try bind(left), try bind(right), at: syntax.offset)
        case .isTruth(let operand, let test): return try bindTest(operand, test)
        case .isDistinct(let left, let right): return try bindDistinction(left, right)
        case .isIn(let operand, let items): return try bindMembership(operand, items)
        case .between(let operand, let low, let high):
            let operand = try bind(operand)
            return .and(
                try comparison(.greaterOrEqual, operand, try bind(low), at: syntax.offset),
                try comparison(.lessOrEqual, operand, try bind(high), at: syntax.offset))
        case .like(let operand, let pattern):
            return .function(
                .like, [try bind(operand, as: .string, "LIKE takes"), try bind(pattern, as: .string, "LIKE takes")],
                .bool)
        case .caseWhen(let operand, let branches, let otherwise):
            return try bindCase(operand, branches, otherwise: otherwise)
        case .cast(let operand, let type): return try bindCast(operand, type)
        case .extract(let part, let operand):
            let name = try timePart(part.text, at: part.offset).rawValue
            let time = try bind(operand, as: .timestamp, "EXTRACT takes")
            return .function(.extract, [.literal(.string(name), .string), time], .int64)
        case .call(let call): return try bindCall(call)
        }
    }

    private func bindColumn(_ qualifier: Name?, _ name: Name) throws(SQLError) -> Expression {
        let column = try scope.column(qualifier, name, in: source)
        guard case .aggregates(let keyColumns) = place else { return column }
        if !column.columnIndices.isDisjoint(with: keyColumns) {
            throw source.error(
                .meaning, at: name.offset, "\(name.text) is of the key, and columns cannot be computed from the key",
                hint: "MAX(\(name.text)) has the same value here")
        }
        throw source.error(
            .meaning, at: name.offset, "column \(name.text) stands outside of an aggregate, and not in GROUP BY",
            hint: "aggregate it, as in MAX(\(name.text)), or group by it")
    }

    private mutating func bindBools(
        _ syntaxes: [ExpressionSyntax], _ what: String
    ) throws(SQLError) -> [Expression] {
        var terms: [Expression] = []
        for syntax in syntaxes { terms.append(try bind(syntax, as: .bool, what)) }
        return terms
    }

    /// Many terms as a tree that is no deeper than it must be.
    private func balanced(
        _ terms: [Expression], _ join: (Expression, Expression) -> Expression
    ) -> Expression {
        if terms.count == 1 { return terms[0] }
        let middle = (terms.count + 1) / 2
        return join(balanced(Array(terms[..<middle]), join), balanced(Array(terms[middle...]), join))
    }
}
