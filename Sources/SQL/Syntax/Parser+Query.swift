internal import Records

extension Parser {
    /// `SELECT items FROM input [AS name] [pane] [WHERE] [GROUP BY] [DELETE WHERE]`
    mutating func parseQuery() throws(SQLError) -> QuerySyntax {
        let start = offset
        try expect("SELECT")
        if isAt("DISTINCT"), !peek(1).isSymbol(",") {
            throw source.error(
                .unsupported, at: offset, "a table has no SELECT DISTINCT", hint: "its key makes its rows distinct")
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
            } else {
                try refuseForeignClauses()
                return query
            }
        }
    }

    private mutating func parseItem() throws(SQLError) -> QuerySyntax.Item {
        let start = offset
        if take(symbol: "*") { return QuerySyntax.Item(expression: nil, alias: nil, offset: start) }
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
        let joins = ["JOIN", "LEFT", "RIGHT", "INNER", "FULL", "CROSS", "NATURAL"]
        if peek().isSymbol(",") || joins.contains(where: { isAt($0) }) {
            throw source.error(
                .unsupported, at: offset, "this Maser has no joins", hint: "a query reads one input table")
        }
    }

    private func refuseForeignClauses() throws(SQLError) {
        let refusals = [
            ("HAVING", "a table has no HAVING: what its rows are to be is not known before they are read"),
            ("ORDER", "a table has no ORDER BY: its rows are in the order of its key"),
            ("LIMIT", "a table has no LIMIT: whoever reads it says how many rows"),
            ("UNION", "a query reads one input table: there is no UNION"),
            ("EMIT", "there is no EMIT: every checkpoint shows in the table at once"),
            ("WINDOW", "there is no WINDOW: panes stand behind the input table, as in FROM t [1 DAY]"),
        ]
        for (keyword, message) in refusals where isAt(keyword) {
            throw source.error(.unsupported, at: offset, message)
        }
    }
}
