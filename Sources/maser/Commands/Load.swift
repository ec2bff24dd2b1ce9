internal import ArgumentParser
internal import MaserClient

struct Load: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Loads batch files into a table as a new version, and waits until it serves.",
        discussion: """
            Parquet, ORC, CSV and TSV (with a line of column names) and JSON lines, by the names' endings, the latter also as .gz \
            and .zst; a folder stands for the files in it, and a folder named ds=2013-01-05 gives their rows a column ds. Of \
            rows with the same key the last counts. The rows replace all that the table had, at once; a file with an error \
            changes nothing.

              maser load airports airports.csv
              maser load planes planes.csv --null NA
              maser load routes warehouse/routes/ --column origin=orig_iata
              maser load routes 'warehouse/routes/ds=2013-*/*.parquet'

            A table that an app fills from a category takes rows of its input table's columns, through its own statement, so that \
            years of files and the category make one table. Where the category goes on after them says the cut, at which no \
            record counts twice or not at all:

              maser cut flights > cut.json          then make the files out of what came before it
              maser load delay_by_route history/ --cut cut.json
              maser load delay_by_route history/ --before 2013-07-01

            The version is built here within --memory and uploaded. A load that broke off goes on where it was when it is \
            called again. Before it serves, its rows, bytes and NULLs are held against the version that serves: one that fails \
            is kept, and does not serve (OPTIONS (load_least_rows = '0.5', load_least_bytes = '0.5', load_null_rise = '0.2') of CREATE TABLE \
            are the limits). `maser versions` shows what was found, and `maser rollback` goes back.
            """)

    @Argument(help: "The table.")
    var table: String

    @Argument(help: "Files, folders and patterns; later rows win over earlier ones.")
    var paths: [String] = []

    @OptionGroup var cut: CutOptions
    @OptionGroup var build: BuildOptions

    @Option(help: "A folder that `maser build-version` made, in place of paths.")
    var built: String?

    @Flag(help: "Let it serve whatever the checks find.")
    var force = false

    @Flag(help: "Load what was loaded already.")
    var again = false

    @Option(help: "Where to build; a repeated call goes on with what is there. By default your cache folder.")
    var work: String?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if built == nil, paths.isEmpty { throw ValidationError("there is nothing to load: give files, or --built") }
        guard built != nil else { return }
        if !paths.isEmpty { throw ValidationError("--built has a version's rows already: give it, or files") }
        if cut.cutFile != nil || cut.before != nil {
            throw ValidationError("the cut of a version is given when it is built: to `maser build-version`")
        }
    }

    mutating func run() async throws {
        lowerPriority()
        let command = self
        let run = LoadRun(
            paths: paths, nullText: build.nullText, columnNames: try build.columnNames, joined: build.joined,
            memoryBytes: build.memory.bytes, builtFolder: built, workFolder: work, isForced: force, isAgain: again)
        let clock = ContinuousClock()
        let began = clock.now
        let loaded = try await withClient(connection, connections: 2) { client in
            try await run.run(
                command.table, client, cut: { try command.cut.cut(for: $0) },
                live: command.built == nil ? "" : command.cut.from?.rawValue ?? (command.cut.replace ? "replace" : ""))
        }
        let seconds = (clock.now - began).inSeconds
        for warning in loaded.warnings { standardError("maser: \(warning)") }
        if output.json {
            try Output.standard.json(Answer(table: table, loaded, seconds: seconds))
        } else {
            Output.standard.line(loaded.line(of: table, seconds: seconds))
            if !loaded.checks.isEmpty { printChecks(loaded.checks) }
        }
        if let refusal = loaded.refusal(of: table) { throw CommandError(refusal) }
    }

    private struct Answer: Encodable {
        var table: String
        var version: UInt32
        var state: String
        var rows: Int64
        var duplicates: Int64
        var leftOut: Int64
        var sourceBytes: Int64
        var checks: [CheckAnswer]
        var warnings: [String]
        var seconds: Double

        init(table: String, _ loaded: LoadedVersion, seconds: Double) {
            self.table = table
            version = loaded.version
            state = loaded.state
            rows = loaded.rows
            duplicates = loaded.duplicates
            leftOut = loaded.leftOut
            sourceBytes = loaded.sourceBytes
            checks = loaded.checks.map(CheckAnswer.init)
            warnings = loaded.warnings
            self.seconds = seconds
        }
    }
}
