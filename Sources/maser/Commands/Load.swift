internal import ArgumentParser
internal import MaserClient
internal import RPC

struct Load: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Loads batch files into a table as a new version, and waits until it serves.",
        discussion: """
            CSV and TSV files (with a line of column names) and JSON lines, by the names' endings; a folder stands for the \
            files in it. Of rows with the same key the last counts. The rows replace all that the table had, at once; a \
            file with an error changes nothing.

              maser load airports airports.csv
              maser load planes planes.csv --null NA
              maser load routes warehouse/routes/

            The version is built here and uploaded. A load that broke off goes on where it was when it is called again.
            """)

    @Argument(help: "A table that is filled by loads.")
    var table: String

    @Argument(help: "Files and folders; later rows win over earlier ones.")
    var paths: [String]

    @Option(name: .customLong("null"), help: "What stands for NULL in CSV and TSV, besides nothing.")
    var nullText: String?

    @Option(help: "Where to build; a repeated call goes on with what is there. By default your cache folder.")
    var work: String?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let command = self
        let (loaded, seconds) = try await withClient(connection) { client in
            let descriptor = try await client.describe(table: command.table)
            var loaded: LoadedVersion?
            let seconds = try await measure {
                loaded = try await load(
                    command.paths, into: descriptor, nullText: command.nullText, workFolder: command.work, client)
            }
            guard let loaded else { throw CommandError("the load ended without a version") }
            return (loaded, seconds)
        }
        if output.json {
            try Output.standard.json(
                Answer(
                    table: table, version: loaded.version, rows: loaded.rows, duplicates: loaded.duplicates,
                    seconds: seconds))
            return
        }
        var line = "version \(loaded.version) of \(table) serves: \(HumanText.count(loaded.rows)) rows"
        if loaded.duplicates > 0 { line += ", \(HumanText.count(loaded.duplicates)) more had a key that came again" }
        Output.standard.line(line + ", in \(HumanText.seconds(seconds))")
    }

    private struct Answer: Encodable {
        var table: String
        var version: UInt32
        var rows: Int64
        var duplicates: Int64
        var seconds: Double
    }
}
