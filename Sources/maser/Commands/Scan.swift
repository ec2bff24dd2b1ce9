internal import ArgumentParser
internal import MaserClient
internal import RPC
internal import Records

struct Scan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Reads rows in key order, by leading key columns and a range.",
        discussion: """
              maser scan airlines
              maser scan delay_by_route EWR,SFO --from 2013-07-01 --to 2013-08-01
              maser scan flights_by_tailnum N14228 --limit 5 --reverse

            PREFIX, --from and --to are written like keys. --from is inclusive, --to exclusive, and both continue PREFIX: \
            where PREFIX is an origin and a destination, they are times.

            All rows are of one version of the table. Where that is dropped in the middle of a long scan, it ends with an error.
            """)

    @Argument(help: "The table.")
    var table: String

    @Argument(help: "Values of the first key columns.")
    var prefix: String?

    @Option(help: "The first key, or its beginning, after PREFIX.")
    var from: String?

    @Option(help: "Where to stop, after PREFIX; not included.")
    var to: String?

    @Option(help: "Rows at most.")
    var limit: Int?

    @Flag(help: "From the last row to the first.")
    var reverse = false

    @OptionGroup var reading: ReadingOptions
    @OptionGroup var selection: ColumnOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if let limit, limit < 1 {
            throw ValidationError("--limit is \(limit), but at least one row has to be asked for")
        }
    }

    mutating func run() async throws {
        let command = self
        try await withClient(connection) { client in
            let (table, numbers) = try command.selection.select(
                ServedTable(try await client.describe(table: command.table)))
            let prefix = try command.prefix.map { try table.prefix($0) } ?? (bytes: [], columnCount: 0)
            let range = ClientScan(
                table: table.name, prefix: prefix.bytes,
                from: try command.from.map { try table.bound($0, after: prefix.columnCount) },
                to: try command.to.map { try table.bound($0, after: prefix.columnCount) },
                isReversed: command.reverse, limit: command.limit,
                reading: command.reading.reading(columns: numbers, isRaw: command.selection.raw))
            var listing = TextTable(table.allColumns)
            var count = 0
            // That of the page that is furthest behind.
            var (freshness, version): (Int64?, UInt32) = (nil, 0)
            try await client.scan(range) { page in
                version = page.version
                if let newest = page.freshness?.microseconds { freshness = min(freshness ?? newest, newest) }
                count += page.value.count
                for (key, message) in page.value {
                    let key = try key.withUnsafeBytes(table.keyValues)
                    let row = try message.withUnsafeBytes(table.rowValues)
                    if command.output.json {
                        Output.standard.row(table, key, row)
                    } else {
                        listing.append((key + row).map(HumanText.text))
                    }
                }
                if !command.output.json, listing.rowCount > 0 { listing.print() }
            }
            if !command.output.json { Output.standard.line(count == 1 ? "1 row" : "\(HumanText.count(count)) rows") }
            try command.reading.printFreshness(freshness, version, command.output)
        }
    }
}
