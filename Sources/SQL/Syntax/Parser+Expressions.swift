internal import Expressions
internal import Records

// One method for each tightness, from the loosest: OR, AND, NOT, comparisons, sums, products, signs, primaries.

extension Parser {
    mutating func parseExpression() throws(SQLError) -> ExpressionSyntax {
        try nested { parser throws(SQLError) in try parser.parseOr() }
    }

    /// Counts what nests, so that no text can exhaust the stack.
    private mutating func nested(
        _ body: (inout Parser) throws(SQLError) -> ExpressionSyntax
    ) throws(SQLError) -> ExpressionSyntax {
        guard depth < SQLLimits.expressionDepth else { throw tooDeep(at: offset) }
        depth += 1
        let expression = try body(&self)
        depth -= 1
        return expression
    }

    /// An expression, unless it is deeper than what walks over it can take.
    func make(_ kind: ExpressionSyntax.Kind, at offset: Int) throws(SQLError) -> ExpressionSyntax {
        let expression = ExpressionSyntax(kind: kind, offset: offset)
        guard expression.depth <= SQLLimits.expressionDepth else { throw tooDeep(at: self.offset) }
        return expression
    }

    private func tooDeep(at offset: Int) -> SQLError {
        source.error(
            .syntax, at: offset, "expressions nest at most \(SQLLimits.expressionDepth) deep",
            hint: "chains of AND, OR, || and IN lists do not nest")
    }

    private mutating func parseOr() throws(SQLError) -> ExpressionSyntax {
        let start = offset
        var terms = [try parseAnd()]
        while take("OR") { terms.append(try parseAnd()) }
        return terms.count == 1 ? terms[0] : try make(.any(terms), at: start)
    }

    private mutating func parseAnd() throws(SQLError) -> ExpressionSyntax {
        let start = offset
        var terms = [try parseNot()]
        while take("AND") { terms.append(try parseNot()) }
        return terms.count == 1 ? terms[0] : try make(.all(terms), at: start)
    }

    private mutating func parseNot() throws(SQLError) -> ExpressionSyntax {
        let start = offset
        guard take("NOT") else { return try parsePredicate() }
        return try make(.not(try nested { p throws(SQLError) in try p.parseNot() }), at: start)
    }

    private mutating func parsePredicate() throws(SQLError) -> ExpressionSyntax {
        var left = try parseSum()
        var isCompared = false
        while true {
            let place = offset
            if let symbol = comparison(peek()) {
                advance()
                guard !isCompared else {
                    throw source.error(
                        .syntax, at: place, "comparisons do not chain",
                        hint: "write a < b AND b < c, or put one in parentheses")
                }
                isCompared = true
                left = try make(.comparison(symbol, left, try parseSum()), at: left.offset)
                continue
            }
            if take("IS") {
                left = try parseTest(of: left)
                continue
            }
            let isNegated = isAt("NOT")
            guard ["IN", "BETWEEN", "LIKE"].contains(where: { peek(isNegated ? 1 : 0).isWord($0) }) else { return left }
            if isNegated { advance() }
            let kind: ExpressionSyntax.Kind
            if take("IN") {
                kind = .isIn(left, try parseList { parser throws(SQLError) in try parser.parseExpression() })
            } else if take("BETWEEN") {
                let low = try parseSum()
                try expect("AND")
                kind = .between(left, low, try parseSum())
            } else {
                advance()
                kind = .like(left, try parseSum())
            }
            left = try make(kind, at: left.offset)
            if isNegated { left = try make(.not(left), at: left.offset) }
        }
    }

    private func comparison(_ token: Token) -> ComparisonOperator? {
        guard case .symbol(let symbol) = token.kind else { return nil }
        return ComparisonOperator(rawValue: symbol)
    }

    /// What stands behind IS.
    private mutating func parseTest(of operand: ExpressionSyntax) throws(SQLError) -> ExpressionSyntax {
        let isNegated = take("NOT")
        let kind: ExpressionSyntax.Kind
        if take("NULL") {
            kind = .isTruth(operand, .null)
        } else if take("TRUE") {
            kind = .isTruth(operand, .yes)
        } else if take("FALSE") {
            kind = .isTruth(operand, .no)
        } else if take("DISTINCT") {
            try expect("FROM")
            kind = .isDistinct(operand, try parseSum())
        } else {
            throw unexpected((isNegated ? [] : ["NOT"]) + ["NULL", "TRUE", "FALSE", "DISTINCT FROM"])
        }
        let test = try make(kind, at: operand.offset)
        return isNegated ? try make(.not(test), at: operand.offset) : test
    }

    private mutating func parseSum() throws(SQLError) -> ExpressionSyntax {
        var left = try parseProduct()
        while true {
            if peek().isSymbol("||") {
                var parts = [left]
                while take(symbol: "||") { parts.append(try parseProduct()) }
                left = try make(.concat(parts), at: left.offset)
            } else if peek().isSymbol("+") || peek().isSymbol("-") {
                let symbol: ArithmeticOperator = advance().isSymbol("+") ? .add : .subtract
                left = try make(.arithmetic(symbol, left, try parseProduct()), at: left.offset)
            } else {
                return left
            }
        }
    }

    private mutating func parseProduct() throws(SQLError) -> ExpressionSyntax {
        var left = try parseSign()
        while case .symbol(let text) = peek().kind, ["*", "/", "%"].contains(text),
            let symbol = ArithmeticOperator(rawValue: text)
        {
            advance()
            left = try make(.arithmetic(symbol, left, try parseSign()), at: left.offset)
        }
        return left
    }

    private mutating func parseSign() throws(SQLError) -> ExpressionSyntax {
        let start = offset
        if take(symbol: "-") {
            let operand = try nested { parser throws(SQLError) in try parser.parseSign() }
            return try make(.negate(operand), at: start)
        }
        if take(symbol: "+") { return try nested { parser throws(SQLError) in try parser.parseSign() } }
        return try parsePrimary()
    }
}
