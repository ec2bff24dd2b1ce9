internal import Catalog
internal import Expressions
internal import Records

// A deployed table has rows, and a statement that differs is held against them. What can be had from what is stored, or begins
// now and says so, is done; what would make one table of two meanings is refused, with the way to do it.

/// A table as its new statement wants it, made of the one that is deployed.
struct TableEvolution {
    /// Why the rows that there are do not allow it.
    struct Refusal: Error {
        var message: String
        var hint: String
        /// The name of the column that it is about.
        var column: String?
    }

    let former: TableEntry
    let wanted: TableEntry
    let now: Int64
    /// One for each change, for people.
    private(set) var lines: [String] = []

    private init(_ former: TableEntry, _ wanted: TableEntry, now: Int64) {
        self.former = former
        self.wanted = wanted
        self.now = now
    }

    /// `inputs` are what fills it and what is to: nil for a table that loads fill.
    static func evolve(
        _ former: TableEntry, to wanted: TableEntry, inputs: (former: InputTableEntry, wanted: InputTableEntry)?,
        now: Int64
    ) throws(Refusal) -> (table: TableEntry, lines: [String]) {
        var evolution = TableEvolution(former, wanted, now: now)
        try evolution.checkKey()
        var table = former
        if let inputs {
            try evolution.check(inputs)
            let match = ColumnMatch(
                from: inputs.former, former.source.joins, to: inputs.wanted, wanted.source.joins)
            try evolution.checkRecords(match)
            try evolution.evolveQuery(&table, match)
        } else {
            try evolution.evolveLoads(&table)
        }
        evolution.noteColumns(table)
        evolution.evolveLoadLimits(&table)
        evolution.evolveLag(&table)
        if table.columns != former.columns || table.aggregates != former.aggregates
            || table.stateFields != former.stateFields
        {
            table.schemaRevision += 1
        }
        if table != former { table.sql = wanted.sql }
        return (table, evolution.lines)
    }

    mutating func note(_ line: String) { lines.append("table \(former.name): \(line)") }

    // What decides where a row stands, and which records it has

    private func checkKey() throws(Refusal) {
        if former.keyColumns != wanted.keyColumns {
            throw refused(
                "the key (\(former.keyColumns.map { "\($0.name) \($0.type.rawValue)" }.joined(separator: ", ")))")
        }
        if former.pane != wanted.pane { throw refused(former.pane.map { "panes of \($0.text)" } ?? "no panes") }
        if former.shardColumnCount != wanted.shardColumnCount {
            let columns = former.keyColumns.prefix(former.shardColumnCount).map(\.name)
            throw refused("SHARD BY (\(columns.joined(separator: ", ")))")
        }
        switch (former.source, wanted.source) {
        case (.loads, .loads), (.upsert, .upsert), (.aggregate, .aggregate): break
        case (.upsert, _): throw refused("rows of which the latest wins, and no aggregates")
        case (.aggregate, _), (.loads, _): throw refused("aggregates")
        }
    }

    private func check(_ inputs: (former: InputTableEntry, wanted: InputTableEntry)) throws(Refusal) {
        let (former, wanted) = inputs
        guard former.categoryID == wanted.categoryID, former.format == wanted.format else {
            throw refused("rows from another category")
        }
        guard wanted.hasEventTime(of: former) else {
            throw refused(
                former.eventTimeColumn.map { "\(former.columns[$0].name) as its event time" } ?? "no event time")
        }
        // Under the same name where it starts cannot change; under another nothing says where this table began.
        if former.name.lowercased() != wanted.name.lowercased(), former.start == .latest || wanted.start == .latest {
            throw refused("records from where input table \(former.name) started")
        }
    }

    private func checkRecords(_ match: ColumnMatch) throws(Refusal) {
        if match.changesRecords { throw refused("records that other joins let pass") }
        switch (former.source, wanted.source) {
        case (.upsert(let former), .upsert(let wanted)):
            if !match.isSame(former.filter, wanted.filter) { throw refused("records that another WHERE let pass") }
            if former.keys.map(match.carried) != wanted.keys { throw refused("keys that were computed otherwise") }
            if !match.isSame(former.delete, wanted.delete) { throw refused("rows that another DELETE WHERE left") }
        case (.aggregate(let former), .aggregate(let wanted)):
            if !match.isSame(former.filter, wanted.filter) { throw refused("records that another WHERE let pass") }
            if former.keys.map(match.carried) != wanted.keys { throw refused("keys that were computed otherwise") }
        default: break
        }
    }

    private func refused(_ what: String) -> Refusal {
        Refusal(
            message: "table \(former.name) has \(what)",
            hint: "write it as it was, or give this one another name"
                + (former.source == .loads ? "" : ": it is filled from where its input starts"))
    }

    // Columns

    private mutating func evolveQuery(_ table: inout TableEntry, _ match: ColumnMatch) throws(Refusal) {
        table.source = wanted.source
        switch (former.source, wanted.source) {
        case (.upsert(let former), .upsert(let wanted)): try evolveUpsert(&table, former, wanted, match)
        case (.aggregate(let former), .aggregate(let wanted)): try evolveAggregate(&table, former, wanted, match)
        default: break
        }
        if let (one, other) = zipped(former.source.inputTable, wanted.source.inputTable),
            one.lowercased() != other.lowercased()
        {
            note("it reads input table \(other), was \(one)")
        }
    }

    private func zipped(_ one: String?, _ other: String?) -> (String, String)? {
        if let one, let other { (one, other) } else { nil }
    }

    /// A row is a whole: what it lacks is NULL until the key's next record.
    private mutating func evolveUpsert(
        _ table: inout TableEntry, _ former: UpsertQuery, _ wanted: UpsertQuery, _ match: ColumnMatch
    ) throws(Refusal) {
        for (column, value) in zip(self.wanted.columns, wanted.values) {
            guard let index = self.former.column(named: column.name) else { continue }
            guard self.former.columns[index].type == column.type, former.values.indices.contains(index),
                match.carried(former.values[index]) == value
            else { throw otherMeaning(column) }
        }
        try evolveStored(&table, isNew: "rows have NULL in it until the next record of their key")
    }

    private mutating func evolveLoads(_ table: inout TableEntry) throws(Refusal) {
        for column in wanted.columns {
            guard let index = former.column(named: column.name) else { continue }
            if former.columns[index].type != column.type { throw otherMeaning(column) }
        }
        try evolveStored(&table, isNew: "rows that are loaded already have NULL in it")
    }

    /// Columns that are stored as they are.
    private mutating func evolveStored(_ table: inout TableEntry, isNew: String) throws(Refusal) {
        var numbers = FieldNumbers(next: former.nextFieldNumber)
        table.columns = []
        for column in wanted.columns {
            var column = column
            if let index = former.column(named: column.name) {
                column.number = former.columns[index].number
            } else {
                column.number = numbers.take()
                note("new column \(column.name); \(isNew)")
            }
            table.columns.append(column)
        }
        table.stateFields = table.columns.map(\.stored)
        table.nextFieldNumber = numbers.next
    }

    func otherMeaning(_ column: TableColumn) -> Refusal {
        Refusal(
            message: "column \(column.name) of table \(former.name) is something else in the rows that there are",
            hint: "give the new column another name; the former may stay beside it or go", column: column.name)
    }

    /// Of loads from now on.
    private mutating func evolveLoadLimits(_ table: inout TableEntry) {
        let (former, wanted) = (former.loadLimits ?? LoadLimits(), wanted.loadLimits ?? LoadLimits())
        if former == wanted { return }
        table.loadLimits = self.wanted.loadLimits
        func note(_ name: String, _ former: Double, _ wanted: Double) {
            if former != wanted { self.note("\(name) is \(wanted), was \(former)") }
        }
        note("load_least_rows", former.leastRows, wanted.leastRows)
        note("load_least_bytes", former.leastBytes, wanted.leastBytes)
        note("load_null_rise", former.nullRise, wanted.nullRise)
    }

    private mutating func evolveLag(_ table: inout TableEntry) {
        if former.maxLagMicroseconds == wanted.maxLagMicroseconds { return }
        table.maxLagMicroseconds = wanted.maxLagMicroseconds
        func text(_ lag: Int64?) -> String {
            lag.map { $0 == .max ? "none" : duration($0) } ?? "the server's"
        }
        note("max_lag is \(text(wanted.maxLagMicroseconds)), was \(text(former.maxLagMicroseconds))")
    }

    /// What is gone, or only stands elsewhere.
    private mutating func noteColumns(_ table: TableEntry) {
        for column in former.columns where table.column(named: column.name) == nil {
            note("column \(column.name) is gone")
        }
        var order: [String] = []
        for column in table.columns {
            guard let index = former.column(named: column.name) else { continue }
            order.append(former.columns[index].name)
            if former.columns[index].name != column.name {
                note("column \(former.columns[index].name) is written \(column.name)")
            }
        }
        if order != former.columns.map(\.name).filter(order.contains) { note("its columns stand in another order") }
    }
}

extension TableEntry {
    func column(named name: String) -> Int? { columns.firstIndex { $0.name.lowercased() == name.lowercased() } }
}

extension Pane {
    /// As a statement says it.
    var text: String { duration(widthMicroseconds) + (zone.map { " in \($0)" } ?? "") }
}
