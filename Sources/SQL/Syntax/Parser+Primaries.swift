internal import Expressions
internal import Records

extension Parser {
    mutating func parsePrimary() throws(SQLError) -> ExpressionSyntax {
        let token = peek()
        let start = token.range.lowerBound
        let kind: ExpressionSyntax.Kind
        switch token.kind {
        case .number(let text):
            advance()
            kind =
                text.utf8.allSatisfy { $0 != UInt8(ascii: ".") && $0 | 0x20 != UInt8(ascii: "e") }
                ? .integer(text) : .decimal(text)
        case .string(let text):
            advance()
            kind = .string(text)
        case .bytes(let bytes):
            advance()
            kind = .bytes(bytes)
        case .symbol("("):
            advance()
            let inner = try parseExpression()
            guard take(symbol: ")") else { throw unexpected(")") }
            return inner
        case .word(let word): kind = try parseWord(word.uppercased())
        case .quoted: kind = try parseNamed()
        case .symbol, .end: throw unexpected("an expression")
        }
        return try make(kind, at: start)
    }

    private mutating func parseWord(_ word: String) throws(SQLError) -> ExpressionSyntax.Kind {
        let follows = peek(1)
        switch word {
        case "NULL": return constant(.null)
        case "TRUE": return constant(.bool(true))
        case "FALSE": return constant(.bool(false))
        case "CASE": return try parseCase()
        case "CAST" where follows.isSymbol("("): return try parseCast()
        case "EXTRACT" where follows.isSymbol("("): return try parseExtract()
        case "TIMESTAMP":
            guard case .string(let text) = follows.kind else { break }
            advance()
            return constant(.timestamp(text))
        case "INTERVAL":
            guard let number = intervalNumber(follows) else { break }
            advance()
            return try parseInterval(number)
        // These two begin a clause. As names they need quotes here, or errors would point far behind the mistake.
        case "FROM", "WHERE": throw unexpected("an expression", hint: "a column of that name needs double quotes")
        default: break
        }
        return try parseNamed()
    }

    private mutating func constant(_ kind: ExpressionSyntax.Kind) -> ExpressionSyntax.Kind {
        advance()
        return kind
    }

    /// A column or a call.
    private mutating func parseNamed() throws(SQLError) -> ExpressionSyntax.Kind {
        let name = try parseName("an expression")
        if take(symbol: ".") { return .column(qualifier: name, try parseName("a column")) }
        guard !name.isQuoted, take(symbol: "(") else { return .column(qualifier: nil, name) }
        var call = CallSyntax(function: name, arguments: [])
        if take(symbol: "*") {
            call.isStar = true
        } else if !peek().isSymbol(")") {
            if isAt("DISTINCT"), !peek(1).isSymbol(","), !peek(1).isSymbol(")") {
                call.distinctOffset = offset
                advance()
            }
            call.arguments.append(try parseExpression())
            while take(symbol: ",") { call.arguments.append(try parseExpression()) }
        }
        guard take(symbol: ")") else { throw unexpected(call.isStar ? [")"] : [",", ")"]) }
        if isAt("FILTER"), peek(1).isSymbol("(") {
            advance()
            advance()
            try expect("WHERE")
            call.filter = try parseExpression()
            try expect(symbol: ")")
        }
        return .call(call)
    }

    private mutating func parseCase() throws(SQLError) -> ExpressionSyntax.Kind {
        advance()
        let operand = isAt("WHEN") ? nil : try parseExpression()
        var branches: [BranchSyntax] = []
        while take("WHEN") {
            let condition = try parseExpression()
            try expect("THEN")
            branches.append(BranchSyntax(condition: condition, result: try parseExpression()))
        }
        guard !branches.isEmpty else { throw unexpected("WHEN") }
        let otherwise = take("ELSE") ? try parseExpression() : nil
        guard take("END") else { throw unexpected(otherwise == nil ? ["WHEN", "ELSE", "END"] : ["END"]) }
        return .caseWhen(operand: operand, branches, otherwise: otherwise)
    }

    private mutating func parseCast() throws(SQLError) -> ExpressionSyntax.Kind {
        advance()
        advance()
        let operand = try parseExpression()
        try expect("AS")
        let type = try parseType()
        try expect(symbol: ")")
        return .cast(operand, type)
    }

    private mutating func parseExtract() throws(SQLError) -> ExpressionSyntax.Kind {
        advance()
        advance()
        let part = try parseName("a part of a time")
        try expect("FROM")
        let operand = try parseExpression()
        try expect(symbol: ")")
        return .extract(part, operand)
    }

    private func intervalNumber(_ token: Token) -> Int? {
        switch token.kind {
        case .number(let text), .string(let text): Int(text).flatMap { $0 == .min ? nil : $0 }
        default: nil
        }
    }

    private mutating func parseInterval(_ number: Int) throws(SQLError) -> ExpressionSyntax.Kind {
        let start = offset
        advance()
        guard let unit = takeTimeUnit() else { throw unexpected(Self.timeUnits) }
        return .interval(try duration(abs(number), unit, at: start) * Int64(number.signum()))
    }
}
