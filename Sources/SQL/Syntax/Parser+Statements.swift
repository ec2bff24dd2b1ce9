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
        case .category: Self.categoryClauses
        case .inputTable: ["START", "TIME"]
        case .table(let table):
            table.query == nil
                ? ["SHARD BY", "PRIMARY KEY", "AS SELECT"] : ["WHERE", "GROUP BY", "DELETE WHERE"]
        }
    }

    /// A clause that stands once at most.
    func once<T>(_ former: T?, _ clause: String) throws(SQLError) {
        guard former == nil else { throw source.error(.syntax, at: offset, "\(clause) stands twice") }
    }

    private static let categoryClauses = ["BUCKETS", "BY", "FORMAT", "RETAIN"]

    private mutating func parseCategory() throws(SQLError) -> CategorySyntax {
        var category = CategorySyntax(name: try parseName("the category's name"))
        while true {
            if isAt("BUCKETS") {
                try once(category.buckets, "BUCKETS")
                advance()
                category.buckets = try parseInteger("a number of buckets", in: 1...SQLLimits.buckets)
            } else if isAt("BY") {
                try once(category.bucketColumn, "BY")
                advance()
                category.bucketColumn = try parseName("the field to bucket by")
            } else if isAt("FORMAT") {
                try once(category.format, "FORMAT")
                advance()
                category.format = try parseChoice([("JSON", .json), ("CSV", .csv), ("TSV", .tsv)])
            } else if isAt("RETAIN") {
                try parseRetention(&category.retention)
            } else if isAt("AS") {
                throw source.error(
                    .unsupported, at: offset, "this Maser cannot fill a category from a query",
                    hint: "a category without AS is filled by `maser append` and by clients")
            } else {
                return category
            }
        }
    }

    /// Twice at most: once for time, once for size.
    private mutating func parseRetention(_ retention: inout Retention?) throws(SQLError) {
        let clause = offset
        advance()
        let start = offset
        let number = try parseInteger("how long or how much to retain", in: 1...Int.max)
        var result = retention ?? Retention()
        if let unit = takeByteUnit() {
            let (bytes, overflows) = Int64(number).multipliedReportingOverflow(by: unit)
            guard !overflows else { throw source.error(.meaning, at: start, "no disk is that large") }
            guard result.bytes == nil else { throw source.error(.syntax, at: clause, "RETAIN by size stands twice") }
            result.bytes = bytes
        } else if let unit = takeTimeUnit() {
            guard result.microseconds == nil else {
                throw source.error(.syntax, at: clause, "RETAIN by time stands twice")
            }
            result.microseconds = try duration(number, unit, at: start)
        } else {
            throw unexpected(Self.timeUnits + Self.byteUnits, hint: lengthHint)
        }
        retention = result
    }
}
