internal import Catalog
internal import Records

extension Parser {
    /// `SELECT items FROM input [AS name] [pane] [joins] [WHERE] [GROUP BY] [DELETE WHERE] [EMIT]`
    mutating func parseQuery() throws(SQLError) -> QuerySyntax {
        let start = offset
        try expect("SELECT")
        if isAt("DISTINCT"), !peek(1).isSymbol(",") {
            throw source.error(
                .unsupported, at: offset, "there is no SELECT DISTINCT",
                hint: "the key of a table makes its rows distinct")
        }
        var items = [try parseItem()]
        while take(symbol: ",") { items.append(try parseItem()) }
        guard take("FROM") else { throw unexpected("AS", ",", "FROM") }
        var query = QuerySyntax(offset: start, items: items, input: try parseName("an input table"))
        try parseSource(&query)
        while true {
            if isAt("WHERE") {
                try once(query.filter, "WHERE")
                advance()
                query.filter = try parseExpression()
            } else if isAt("GROUP") {
                try once(query.groups, "GROUP BY")
                query.groupOffset = offset
                advance()
                try expect("BY")
                query.groups = [try parseExpression()]
                while take(symbol: ",") { query.groups?.append(try parseExpression()) }
            } else if isAt("DELETE") {
                try once(query.delete, "DELETE WHERE")
                query.deleteOffset = offset
                advance()
                try expect("WHERE")
                query.delete = try parseExpression()
            } else if isAt("EMIT") {
                try once(query.emission, "EMIT")
                query.emissionOffset = offset
                advance()
                query.emission = try parseChoice([("FINAL", .final), ("CHANGES", .changes)])
            } else {
                try refuseForeignClauses()
                return query
            }
        }
    }

    private mutating func parseItem() throws(SQLError) -> QuerySyntax.Item {
        let start = offset
        if take(symbol: "*") { return QuerySyntax.Item(offset: start) }
        if peek(1).isSymbol("."), peek(2).isSymbol("*") {
            let name = try parseName("an expression")
            advance()
            advance()
            return QuerySyntax.Item(starred: name, offset: start)
        }
        let expression = try parseExpression()
        let alias = take("AS") ? try parseName("the column's name") : nil
        guard peek().isSymbol(",") || peek().isWord("FROM") else {
            throw unexpected((alias == nil ? ["AS"] : []) + [",", "FROM"])
        }
        return QuerySyntax.Item(expression: expression, alias: alias, offset: start)
    }

    private mutating func parseSource(_ query: inout QuerySyntax) throws(SQLError) {
        if take("AS") { query.inputAlias = try parseName("a name for the input table") }
        if peek().isSymbol("[") {
            let start = offset
            advance()
            let width = try parseDuration("the width of a pane")
            var zone: Name?
            if take("IN") {
                let place = offset
                zone = Name(text: try parseString("the name of a time zone"), offset: place)
            }
            guard take(symbol: "]") else { throw unexpected((zone == nil ? ["IN"] : []) + ["]"]) }
            query.pane = QuerySyntax.PaneSyntax(widthMicroseconds: width, zone: zone, offset: start)
        }
        while let join = try parseJoin() {
            guard query.joins.count < SQLLimits.joins else {
                throw source.error(.meaning, at: join.offset, "a query has at most \(SQLLimits.joins) joins")
            }
            query.joins.append(join)
        }
    }

    private mutating func parseJoin() throws(SQLError) -> QuerySyntax.JoinSyntax? {
        let start = offset
        for (keyword, reason) in Self.foreignJoins where isAt(keyword) {
            throw source.error(
                .unsupported, at: start, "there is no \(keyword) JOIN: \(reason)",
                hint: "a join looks up one row by its full key: [LEFT] JOIN table ON key = ...")
        }
        if peek().isSymbol(",") {
            throw source.error(
                .unsupported, at: start, "a query reads one input table",
                hint: "a row of a table is looked up by its key: [LEFT] JOIN table ON key = ...")
        }
        let keepsUnmatched = isAt("LEFT")
        if keepsUnmatched {
            advance()
            _ = take("OUTER")
        } else if isAt("INNER") {
            advance()
        } else if !isAt("JOIN") {
            return nil
        }
        try expect("JOIN")
        let table = try parseName("a table")
        let alias = take("AS") ? try parseName("a name for the joined table") : nil
        guard take("ON") else { throw unexpected((alias == nil ? ["AS"] : []) + ["ON"]) }
        return QuerySyntax.JoinSyntax(
            table: table, alias: alias, keepsUnmatched: keepsUnmatched, condition: try parseExpression(), offset: start)
    }

    private static let foreignJoins = [
        ("RIGHT", "rows that no record asks for are not looked up"),
        ("FULL", "rows that no record asks for are not looked up"), ("CROSS", "a record finds one row at most"),
        ("NATURAL", "ON says what equals the key"),
    ]

    private func refuseForeignClauses() throws(SQLError) {
        let refusals = [
            ("HAVING", "a table has no HAVING: what its rows are to be is not known before they are read"),
            ("ORDER", "a table has no ORDER BY: its rows are in the order of its key"),
            ("LIMIT", "a table has no LIMIT: whoever reads it says how many rows"),
            ("UNION", "a query reads one input table: there is no UNION"),
            ("WINDOW", "there is no WINDOW: panes stand behind the input table, as in FROM t [1 DAY]"),
        ]
        for (keyword, message) in refusals where isAt(keyword) {
            throw source.error(.unsupported, at: offset, message)
        }
    }
}
