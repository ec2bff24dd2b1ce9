internal import Catalog
internal import Records

extension Parser {
    mutating func parseStatements() throws(SQLError) -> [StatementSyntax] {
        var statements: [StatementSyntax] = []
        while true {
            while take(symbol: ";") {}
            if peek().kind == .end { return statements }
            let start = offset
            let kind = try parseStatement()
            statements.append(
                StatementSyntax(kind: kind, offset: start, text: source.text(start..<endOffset)))
            guard peek().kind == .end || peek().isSymbol(";") else { throw unexpected(continuations(of: kind) + [";"]) }
        }
    }

    private mutating func parseStatement() throws(SQLError) -> StatementSyntax.Kind {
        guard take("CREATE") else {
            let word = peek()
            if ["DROP", "ALTER", "DELETE"].contains(where: { word.isWord($0) }) {
                throw unexpected(
                    "CREATE", hint: "a file only says what there is; `maser delete` removes an application")
            }
            if ["SELECT", "INSERT", "WITH", "UPDATE"].contains(where: { word.isWord($0) }) {
                throw unexpected("CREATE", hint: "a file only says what there is: CREATE TABLE name AS SELECT ...")
            }
            throw unexpected("CREATE")
        }
        if take("APPLICATION") { return .application(try parseApplication()) }
        if take("CATEGORY") { return .category(try parseCategory()) }
        if isAt("INPUT") {
            advance()
            try expect("TABLE")
            return .inputTable(try parseInputTable())
        }
        if take("TABLE") { return .table(try parseTable()) }
        if isAt("VIEW") { throw source.error(.unsupported, at: offset, "this Maser has no views") }
        throw unexpected("APPLICATION", "CATEGORY", "INPUT TABLE", "TABLE")
    }

    /// What could still have followed, for the error when something else does.
    private func continuations(of kind: StatementSyntax.Kind) -> [String] {
        switch kind {
        case .application(let application): application.hasOptions ? [] : ["OPTIONS"]
        case .category(let category):
            category.query.map(continuations) ?? Self.categoryClauses.filter { $0 != "OPTIONS" || !category.hasOptions }
        case .inputTable: ["START", "TIME"]
        case .table(let table):
            table.query.map(continuations)
                ?? (["SHARD BY", "PRIMARY KEY"] + (table.loadLimits == nil ? ["OPTIONS"] : []) + ["AS SELECT"])
        }
    }

    private func continuations(of query: QuerySyntax) -> [String] {
        (query.filter == nil && query.groups == nil && query.delete == nil ? ["JOIN", "LEFT JOIN"] : [])
            + ["WHERE", "GROUP BY", "DELETE WHERE", "EMIT"]
    }

    /// A clause that stands once at most.
    func once<T>(_ former: T?, _ clause: String) throws(SQLError) {
        guard former == nil else { throw source.error(.syntax, at: offset, "\(clause) stands twice") }
    }
}
