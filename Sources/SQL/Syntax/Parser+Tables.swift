internal import Catalog
internal import Records

extension Parser {
    // CREATE INPUT TABLE

    mutating func parseInputTable() throws(SQLError) -> InputTableSyntax {
        let name = try parseName("the input table's name")
        let columns = try parseList { parser throws(SQLError) in try parser.parseInputColumn() }
        try expect("FROM")
        try expect("CATEGORY")
        var table = InputTableSyntax(name: name, columns: columns, category: try parseCategoryName())
        while true {
            if isAt("START") {
                try once(table.start, "START")
                advance()
                table.start = try parseChoice([("EARLIEST", .earliest), ("LATEST", .latest)])
            } else if isAt("TIME") {
                try once(table.time, "TIME")
                advance()
                table.time = try parseName("the column of the event time")
            } else {
                return table
            }
        }
    }

    private mutating func parseCategoryName() throws(SQLError) -> Name {
        guard case .string(let text) = peek().kind else { return try parseName("the category's name") }
        return try checked(Name(text: text, offset: advance().range.lowerBound))
    }

    private mutating func parseInputColumn() throws(SQLError) -> InputTableSyntax.Column {
        var column = InputTableSyntax.Column(name: try parseName("a column"), type: try parseType())
        if isAt("FROM") {
            advance()
            let start = offset
            column.pathOffset = start
            column.path = try path(of: try parseString("a path"), at: start)
        }
        if isAt("AS") {
            column.unitOffset = offset
            advance()
            let units: [TimeUnit] = [.milliseconds, .seconds, .microseconds, .nanoseconds]
            column.unit = try parseChoice(units.map { ($0.rawValue, $0) })
        }
        guard peek().isSymbol(",") || peek().isSymbol(")") else {
            throw unexpected((column.path == nil ? ["FROM"] : []) + (column.unit == nil ? ["AS"] : []) + [",", ")"])
        }
        return column
    }

    /// `$.name.name`; a name that has a point or a bracket in it stands as `['name']`.
    private func path(of text: String, at start: Int) throws(SQLError) -> [String] {
        var path: [String] = []
        var rest = Substring(text)
        guard rest.popFirst() == "$" else { throw noPath(text, at: start) }
        repeat {
            let name: Substring
            switch rest.popFirst() {
            case ".":
                name = rest.prefix { $0 != "." && $0 != "[" }
                rest = rest.dropFirst(name.count)
            case "[":
                guard rest.popFirst() == "'", let end = rest.firstIndex(of: "'") else { throw noPath(text, at: start) }
                name = rest[..<end]
                rest = rest[end...].dropFirst()
                guard rest.popFirst() == "]" else { throw noPath(text, at: start) }
            default: throw noPath(text, at: start)
            }
            guard !name.isEmpty else { throw noPath(text, at: start) }
            path.append(String(name))
        } while !rest.isEmpty
        return path
    }

    private func noPath(_ text: String, at start: Int) -> SQLError {
        source.error(
            .syntax, at: start, "'\(text)' is no path of a JSON field",
            hint: "for instance '$.destination.city' or '$[''a name'']'")
    }

    // CREATE TABLE

    mutating func parseTable() throws(SQLError) -> TableSyntax {
        var table = TableSyntax(name: try parseName("the table's name"))
        if peek().isSymbol("(") {
            table.columns = try parseList { parser throws(SQLError) in try parser.parseTableColumn() }
        }
        while true {
            if isAt("SHARD") {
                try once(table.shardColumns, "SHARD BY")
                table.shardOffset = offset
                advance()
                try expect("BY")
                table.shardColumns = try parseNames("a key column")
            } else if isAt("LIFETIME") {
                try once(table.lifetimeOffset, "LIFETIME")
                table.lifetimeOffset = offset
                advance()
                _ = try parseDuration("a time")
            } else if isAt("PRIMARY") {
                try once(table.keyColumns, "PRIMARY KEY")
                table.keyOffset = offset
                advance()
                try expect("KEY")
                table.keyColumns = try parseNames("a key column")
            } else if isAt("OPTIONS") {
                try once(table.loadLimits, "OPTIONS")
                try parseOptions(of: &table)
            } else if isAt("AS") {
                advance()
                guard isAt("SELECT") else { throw unexpected("SELECT") }
                table.query = try parseQuery()
                return table
            } else if table.columns != nil {
                return table
            } else {
                let hasClauses =
                    table.shardColumns != nil || table.lifetimeOffset != nil || table.keyColumns != nil
                    || table.loadLimits != nil
                let clauses =
                    ["SHARD BY"] + (table.keyColumns == nil ? ["PRIMARY KEY"] : [])
                    + (table.loadLimits == nil ? ["OPTIONS"] : []) + ["AS SELECT"]
                throw unexpected(
                    hasClauses ? clauses : ["("] + clauses,
                    hint: peek().isSymbol("(") ? "columns stand right after the table's name" : nil)
            }
        }
    }

    private mutating func parseOptions(of table: inout TableSyntax) throws(SQLError) {
        var limits = LoadLimits()
        let options = try parseOptions([
            "load_least_rows = '0.5', the share of the serving version's rows that a load must have",
            "load_least_bytes = '0.5', the share of its bytes",
            "load_null_rise = '0.2', how much a greater share of a column may be NULL",
            "max_lag = '10 s', how old the table may be while the server is ready",
        ])
        for option in options {
            switch option.name.key {
            case "load_least_rows": limits.leastRows = try share(option)
            case "load_least_bytes": limits.leastBytes = try share(option)
            case "load_null_rise": limits.nullRise = try share(option)
            default:
                table.maxLagMicroseconds = try lag(option)
                table.maxLagOffset = option.offset
            }
        }
        table.loadLimits = limits
    }

    private func lag(_ option: OptionSyntax) throws(SQLError) -> Int64 {
        if option.value.lowercased() == "none" { return .max }
        guard let microseconds = TimeLength.parse(option.value), microseconds > 0 else {
            throw source.error(
                .meaning, at: option.offset, "max_lag is no length of time", hint: "for instance '10 s', or 'none'")
        }
        return microseconds
    }

    private func share(_ option: OptionSyntax) throws(SQLError) -> Double {
        // Double reads more than people write: hexadecimal digits, nan.
        if option.value.allSatisfy({ $0 == "." || ("0"..."9").contains($0) }), let share = Double(option.value),
            share <= 1
        {
            return share
        }
        throw source.error(
            .meaning, at: option.offset, "\(option.name.key) is no number from 0 to 1", hint: "for instance '0.5'")
    }

    private mutating func parseTableColumn() throws(SQLError) -> TableSyntax.Column {
        let column = TableSyntax.Column(name: try parseName("a column"), type: try parseType())
        guard peek().isSymbol(",") || peek().isSymbol(")") else {
            let isConstraint = isAt("PRIMARY") || isAt("NOT")
            throw unexpected(
                ",", ")", hint: isConstraint ? "the key stands after the columns: (...) PRIMARY KEY (name)" : nil)
        }
        return column
    }
}
