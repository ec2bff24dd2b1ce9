internal import ArgumentParser
internal import MaserClient
internal import RPC
internal import Records

struct Get: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Looks rows up by key.",
        discussion: """
            A KEY is its columns in order, separated by commas as in CSV, or a JSON array; times are RFC 3339 or a date.

              maser get airports SFO LAX
              maser get delay_by_route EWR,SFO,2013-07-04
              maser get delay_by_route '["EWR", "SFO", "2013-07-04"]' --json

            In CSV nothing between two commas is NULL and "" is the empty string; before a KEY that begins with - write \
            -- alone. With --json a line is printed for every \
            key asked, in order: null where there is no such row. Exit code 0 either way.

              maser get delay_by_route EWR,SFO,2013-07-04 --columns flights,p99 --max-staleness 5s
              maser get delay_by_route EWR,SFO,2013-07-04 --wait-for "$(maser append flights new.jsonl --json)"

            waits until what was just appended is in the row. With --freshness a last line says how fresh the rows are:             what was appended before that moment is in them.
            """)

    @Argument(help: "The table.")
    var table: String

    @Argument(help: "Keys of rows.")
    var keys: [String]

    @OptionGroup var reading: ReadingOptions
    @OptionGroup var selection: ColumnOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let (name, texts, reading, selection) = (table, keys, reading, selection)
        let (table, keys, rows, answer) = try await withClient(connection) { client in
            let (table, numbers) = try selection.select(ServedTable(try await client.describe(table: name)))
            let keys = try texts.map { try table.key($0) }
            let answer = try await client.get(
                table.name, keys: keys.map(\.bytes), reading.reading(columns: numbers, isRaw: selection.raw))
            let rows = try answer.value.map { try $0.map { try $0.withUnsafeBytes(table.rowValues) } }
            return (table, keys, rows, answer)
        }
        if output.json {
            for (key, row) in zip(keys, rows) { Output.standard.row(table, key.values, row) }
        } else if rows.count == 1 {
            printOne(table, texts[0], keys[0].values, rows[0])
        } else {
            printSeveral(table, texts, keys.map(\.values), rows)
        }
        try reading.printFreshness(answer.freshness?.microseconds, answer.version, output)
    }

    private func printOne(_ table: ServedTable, _ text: String, _ key: [Value], _ row: [Value]?) {
        guard let row else {
            Output.standard.line("\(table.name) has no row \(text)")
            return
        }
        printSheet(zip(table.allColumns, key + row).map { ($0.name, HumanText.text(of: $1)) })
    }

    private func printSeveral(_ table: ServedTable, _ texts: [String], _ keys: [[Value]], _ rows: [[Value]?]) {
        var listing = TextTable(table.allColumns)
        for case (let key, let row?) in zip(keys, rows) { listing.append((key + row).map(HumanText.text)) }
        if listing.rowCount > 0 { listing.print() }
        for (text, row) in zip(texts, rows) where row == nil {
            Output.standard.line("\(table.name) has no row \(text)")
        }
    }
}

extension Output {
    /// A row as one JSON object, key columns first; `null` where there is none.
    func row(_ table: ServedTable, _ key: [Value], _ row: [Value]?) {
        guard let row else { return line("null") }
        object(zip(table.allColumns, key + row).lazy.map { (name: $0.name, value: $1) })
    }
}
