package import Catalog
internal import Expressions
internal import Monoids
internal import Records

// Prints what the catalog resolved back as SQL, for `describe`.

extension TableEntry {
    /// The expression that fills a column, over the input table's columns and with its aggregates; nil where loads do.
    package func sql(of column: TableColumn, over input: InputTableEntry) -> String? {
        let texts = source.joins.columnTexts(over: input)
        switch source {
        case .loads: return nil
        case .upsert(let query):
            guard let index = columns.firstIndex(of: column), query.values.indices.contains(index) else { return nil }
            return query.values[index].sql(texts: texts)
        case .aggregate(let query):
            if let expression = column.expression {
                return expression.sql(
                    texts: aggregates.map { sql(of: $0.function, state: $0.stateNumbers.first, query, texts) })
            }
            // What is presented as it is stored is told by its monoid.
            switch stateFields.first(where: { $0.number == column.number })?.monoid {
            case .count: return sql(of: .count, state: column.number, query, texts)
            case .minimum: return sql(of: .minimum, state: column.number, query, texts)
            case .maximum: return sql(of: .maximum, state: column.number, query, texts)
            default: return nil
            }
        }
    }

    /// The expression that fills a key column; nil where loads do, and for `window_start`.
    package func sql(ofKey index: Int, over input: InputTableEntry) -> String? {
        let keys: [Expression]
        switch source {
        case .loads: return nil
        case .upsert(let query): keys = query.keys
        case .aggregate(let query): keys = query.keys
        }
        return keys.indices.contains(index) ? keys[index].sql(texts: source.joins.columnTexts(over: input)) : nil
    }

    /// All states of an aggregate have the same arguments, but COUNT's may stand for those of AVG without a cast.
    private func sql(
        of function: AggregateFunction, state number: Int?, _ query: AggregateQuery, _ texts: [String]
    ) -> String {
        guard let index = stateFields.firstIndex(where: { $0.number == number }),
            query.arguments.indices.contains(index)
        else { return function.rawValue }
        let arguments = query.arguments[index]
        let list = arguments.expressions.map { $0.sql(texts: texts) }.joined(separator: ", ")
        let isBool = stateFields[index].types == [.bool]
        let call = "\(function.sqlName(isBool: isBool))(\(arguments.expressions.isEmpty ? "*" : list))"
        return call + (arguments.condition.map { " FILTER (WHERE \($0.sql(texts: texts)))" } ?? "")
    }
}

extension [JoinClause] {
    /// What expressions over an input table and these joins call their columns.
    package func columnTexts(over input: InputTableEntry) -> [String] {
        input.columns.map { quoted(identifier: $0.name) }
            + flatMap { join in
                join.columns.map { "\(quoted(identifier: join.name)).\(quoted(identifier: $0.name))" }
            }
    }

    /// `LEFT JOIN a ON a.faa = dest`, each; a table stands by the name that the query gives it.
    package func sql(over input: InputTableEntry, keys: (UInt32) -> [String]) -> [String] {
        let texts = columnTexts(over: input)
        return map { join in
            let names = keys(join.tableID)
            let terms = join.keys.enumerated().map { index, key in
                let name = names.indices.contains(index) ? quoted(identifier: names[index]) : "$\(index)"
                return "\(quoted(identifier: join.name)).\(name) = \(key.sql(texts: texts))"
            }
            return (join.keepsUnmatched ? "LEFT JOIN " : "JOIN ") + quoted(identifier: join.name) + " ON "
                + terms.joined(separator: " AND ")
        }
    }
}

extension AggregateFunction {
    fileprivate func sqlName(isBool: Bool) -> String {
        switch self {
        case .sumInt64, .sumDouble: "SUM"
        case .averageInt64, .averageDouble: "AVG"
        case .minimum where isBool: "BOOL_AND"
        case .maximum where isBool: "BOOL_OR"
        default: rawValue
        }
    }
}
