internal import ArgumentParser
internal import MaserClient
internal import RPC
internal import Records

struct Fold: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Combines the panes of a key over a time range into one result.",
        discussion: """
            KEY is the key without its last column, window_start. The panes that start in the range are combined, then \
            presented once: the mean of a month is the mean of its records, not of its days.

              maser fold delay_by_route EWR,SFO --from 2013-07-01 --to 2013-08-01
              maser fold delay_by_route EWR,SFO --last '7 days'
              maser fold delay_by_route EWR,SFO --last 24h --to 2013-07-05
            """)

    @Argument(help: "A table with panes.")
    var table: String

    @Argument(help: "The key without window_start.")
    var key: String

    @Option(help: "A length of time that ends at --to, by default now: 90min, 24h, '7 days'.", transform: TimeSpan.read)
    var last: TimeSpan?

    @Option(help: "The first moment at which a pane may start; RFC 3339 or a date.", transform: Moment.read)
    var from: Moment?

    @Option(help: "The moment before which a pane has to start.", transform: Moment.read)
    var to: Moment?

    @OptionGroup var reading: ReadingOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if last != nil, from != nil {
            throw ValidationError("--last and --from both say where the range begins; give one")
        }
    }

    mutating func run() async throws {
        let (name, text, reading, output) = (table, key, reading, output)
        let (from, to) = range
        try await withClient(connection) { client in
            let table = try ServedTable(try await client.describe(table: name))
            let key = try table.foldKey(text)
            let answer = try await client.fold(table.name, key: key.bytes, from: from, to: to, reading.reading())
            let (message, panes) = answer.value
            let row = try message.map { try $0.withUnsafeBytes(table.rowValues) }
            let columns = table.foldColumns + table.valueColumns
            if output.json {
                if let row {
                    Output.standard.object(zip(columns, key.values + row).lazy.map { (name: $0.name, value: $1) })
                } else {
                    Output.standard.line("null")
                }
            } else if let row {
                printSheet(
                    zip(columns, key.values + row).map { ($0.name, HumanText.text(of: $1)) }
                        + [("(panes)", HumanText.count(panes))])
            } else {
                Output.standard.line("\(table.name) has no panes of \(text) in that range")
            }
            try reading.printFreshness(answer.freshness?.microseconds, answer.version, output)
        }
    }

    private var range: (from: Int64?, to: Int64?) {
        guard let last else { return (from?.microseconds, to?.microseconds) }
        let end = (to ?? .now).microseconds
        return (end.subtractingReportingOverflow(last.microseconds).partialValue, end)
    }
}
