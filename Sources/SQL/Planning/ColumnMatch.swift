internal import Catalog
internal import Expressions
internal import Records

/// Where the columns that a deployed query reads stand in the scope of its new statement. What reads the same columns with
/// the same meaning is the same, wherever they stand.
struct ColumnMatch {
    /// The new index of each former one that has one.
    private var places: [Int: Int] = [:]
    /// Joins that pass records over, of which the other side has none alike.
    private(set) var changesRecords = false

    init(
        from former: InputTableEntry, _ formerJoins: [JoinClause], to wanted: InputTableEntry,
        _ wantedJoins: [JoinClause]
    ) {
        for (index, column) in former.columns.enumerated() {
            places[index] = wanted.index(of: column, at: index)
        }
        var free = Set(wantedJoins.indices)
        var first = former.columns.count
        for join in formerJoins {
            let alike = wantedJoins.indices.first { free.contains($0) && isAlike(join, wantedJoins[$0]) }
            if let alike {
                free.remove(alike)
                let start = wanted.columns.count + wantedJoins[..<alike].reduce(0) { $0 + $1.columns.count }
                for (index, column) in join.columns.enumerated() {
                    places[first + index] = wantedJoins[alike].columns.firstIndex(of: column).map { start + $0 }
                }
            } else if !join.keepsUnmatched {
                changesRecords = true
            }
            first += join.columns.count
        }
        if free.contains(where: { !wantedJoins[$0].keepsUnmatched }) { changesRecords = true }
    }

    private func isAlike(_ former: JoinClause, _ wanted: JoinClause) -> Bool {
        former.tableID == wanted.tableID && former.keepsUnmatched == wanted.keepsUnmatched
            && former.keys.map(carried) == wanted.keys
    }

    /// The expression in the new scope; nil where it reads what is gone or is read otherwise now.
    func carried(_ expression: Expression) -> Expression? {
        guard expression.columnIndices.allSatisfy({ places[$0] != nil }) else { return nil }
        return expression.remapped(places)
    }

    func carried(_ arguments: StateArguments) -> StateArguments? {
        var carried = StateArguments(expressions: [])
        for expression in arguments.expressions {
            guard let expression = self.carried(expression) else { return nil }
            carried.expressions.append(expression)
        }
        if let condition = arguments.condition {
            guard let condition = self.carried(condition) else { return nil }
            carried.condition = condition
        }
        return carried
    }

    /// Whether both are the same, or neither is there.
    func isSame(_ former: Expression?, _ wanted: Expression?) -> Bool {
        guard let former else { return wanted == nil }
        return carried(former) == wanted
    }
}

extension InputTableEntry {
    /// The column that reads records exactly as another entry's does, which stands at an index there.
    func index(of column: InputColumn, at index: Int) -> Int? {
        columns.indices.first { other in
            var renamed = columns[other]
            renamed.name = column.name
            return columns[other].name.lowercased() == column.name.lowercased() && renamed == column
                && (format == .json || other == index)
        }
    }

    /// Whether both take the same event time of every record.
    func hasEventTime(of former: InputTableEntry) -> Bool {
        guard let time = former.eventTimeColumn else { return eventTimeColumn == nil }
        return eventTimeColumn != nil && index(of: former.columns[time], at: time) == eventTimeColumn
    }
}
