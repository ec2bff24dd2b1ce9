internal import ArgumentParser
internal import BulkLoad
internal import Bytes
internal import Catalog
internal import Foundation
internal import MaserClient
internal import Records

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs an app over batch files, without a server.",
        discussion: """
            APP is a file of SQL, or the name of a deployed app, whose SQL is then fetched. Files have a record a line, as \
            `maser append` takes them, in the format of the app's category, also through gzip or zstd (.gz, .zst); or they are \
            Parquet or ORC files with the columns of the input table. A folder stands for the files in it. The rows of the \
            app's tables are printed as `maser scan --json` prints them; where there are several tables, each line begins \
            with the table's name and a tab.

              maser run delays.sql --input flights.jsonl --table delay_by_route
              maser run delays.sql --input warehouse/flights/ --out results
              maser run shop.sql --input orders=day-1/ refunds=r.jsonl \\
                  --load cities=cities.csv

            Where one machine is not enough, an engine such as Spark drives it: --map turns records into partials, a line each, \
            of which the part before the tab is the key to group by; --reduce combines such lines, in any order, to rows, and \
            with --states to fewer lines (Protocols/partials.md). Both read standard input unless --input is given.

              maser run delays.sql --map < part-0 > partials-0
              sort partials-* | maser run delays.sql --reduce --table delay_by_route

            A record that cannot be applied is reported with its file and line and left out, and then the exit code is 1; \
            --max-errors N allows so many, and ends the run at one more. A joined table is read from --load. Output categories \
            of records are not written; those of panes are tables.
            """)

    @Argument(help: "An SQL file, or a deployed app.")
    var app: String

    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp(
            "Files and folders, each with its input table where there are several; - is standard input.",
            valueName: "[table=]path"))
    var input: [String] = []

    @Flag(help: "Turn records into partials, a line each.")
    var map = false

    @Flag(help: "Combine partials, and print rows.")
    var reduce = false

    @Flag(help: "With --reduce: print combined partials, for another --reduce.")
    var states = false

    @Option(help: "A table to fill; again for more. By default all of the app's.")
    var table: [String] = []

    @Option(help: "A folder to write the rows to, a file TABLE.jsonl for each table.")
    var out: String?

    @Option(help: ArgumentHelp("Rows of a joined table.", valueName: "table=path"))
    var load: [String] = []

    @Option(name: .customLong("null"), help: "What stands for NULL in a CSV or TSV file of --load, besides nothing.")
    var nullText: String?

    @Flag(help: "The first line of each input names its columns, and is passed over.")
    var header = false

    @Option(
        help: "With --map: which part of the records this is, from 0; of upserts of one time the later part's wins.")
    var split: Int?

    @Option(help: "How many records may be impossible to apply.")
    var maxErrors: Int?

    @Option(name: .customLong("with"), help: "An SQL file of categories or tables that APP uses and does not make.")
    var others: [String] = []

    @Option(help: "A folder for what does not fit in memory; by default the system's for such.")
    var work: String?

    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        if map, reduce { throw ValidationError("--map and --reduce are two runs") }
        if states, !reduce { throw ValidationError("--states goes with --reduce; --map prints partials already") }
        if out != nil, map || states { throw ValidationError("--out is for rows; partials go to standard output") }
        if !map, !reduce, input.isEmpty {
            throw ValidationError("there is nothing to read: give --input, or - for standard input")
        }
        if let split, !map || !(0...BatchSource.greatestNumber ~= split) {
            throw ValidationError("--split goes with --map, and is a number from 0 to \(BatchSource.greatestNumber)")
        }
        if let maxErrors, maxErrors < 0 { throw ValidationError("--max-errors is \(maxErrors)") }
    }

    mutating func run() async throws {
        let app = try await readApp()
        let tables = try app.tables(named: table)
        let refused = RefusedRecords(greatestCount: maxErrors)
        let total =
            if map {
                try mapRecords(of: app, tables, refused)
            } else {
                try merge(of: app, tables, refused)
            }
        Output.standard.flush()
        try refused.finish(of: total)
    }

    private func readApp() async throws -> BatchApp {
        var isFolder: ObjCBool = false
        let isFile = FileManager.default.fileExists(atPath: self.app, isDirectory: &isFolder) && !isFolder.boolValue
        if isFile || self.app.hasSuffix(".sql") {
            return try BatchApp.read(self.app, others: others)
        }
        let name = self.app
        return try await withClient(connection) { try await BatchApp.fetch(name, from: $0) }
    }

    // MARK: Partials

    private func mapRecords(of app: BatchApp, _ tables: [TableEntry], _ refused: RefusedRecords) throws -> Int {
        try checkOrder(of: app, tables)
        let lines = try PartialLines(tables)
        // Without joins nothing is put aside, and nothing has to be made or removed.
        var scratch: ScratchFolder?
        let joined = try JoinedTables(load, of: app, for: tables, nullText: nullText) {
            let folder = try ScratchFolder(below: work)
            scratch = folder
            return folder.path
        }
        defer { withExtendedLifetime(scratch) {} }
        let reader = try BatchReader(inputs: app.inputs, tables: tables, joined: joined) { merges in
            var writer = ByteWriter()
            for merges in merges { lines.append(merges, to: &writer) }
            Output.standard.bytes(writer.bytes)
        }
        return try read(app, reader, refused)
    }

    /// Upserts without event time are ordered by the place of their record alone, of which a part knows a part.
    private func checkOrder(of app: BatchApp, _ tables: [TableEntry]) throws {
        for table in tables where split == nil {
            guard case .upsert(let query) = table.source else { continue }
            let input = app.inputs.first { $0.name.lowercased() == query.input.lowercased() }
            if input?.eventTimeColumn == nil {
                throw ValidationError(
                    "in table \(table.name) the later record wins, and its input has no event time: "
                        + "number the parts with --split, in their order (--split 0 for the only one)")
            }
        }
    }

    private func read(_ app: BatchApp, _ reader: BatchReader, _ refused: RefusedRecords) throws -> Int {
        let sources = try BatchSources(input.isEmpty ? ["-"] : input, of: app, split: split, hasHeader: header)
        var count = 0
        for source in sources.files {
            let progress = ProgressBar(source.path)
            defer { progress.finish() }
            count += try reader.read(
                source, progress: { progress.show(nil, HumanText.bytes($0)) }, refused: refused.add)
        }
        try reader.finish()
        return count
    }

    // MARK: Rows

    private func merge(of app: BatchApp, _ tables: [TableEntry], _ refused: RefusedRecords) throws -> Int {
        let scratch = try ScratchFolder(below: work)
        defer { withExtendedLifetime(scratch) {} }
        let results = try BatchTables(tables, folder: scratch.path)
        let lines = try PartialLines(tables)
        var count = 0
        if reduce {
            let others = Set(app.tables.map(\.name)).subtracting(tables.map(\.name))
            for path in input.isEmpty ? ["-"] : try SourceFiles(input, namesFormat: false).paths {
                count += try lines.read(
                    path, passingOver: others, refused: refused.add, partials: results.add)
            }
        } else {
            let joined = try JoinedTables(load, of: app, for: tables, nullText: nullText) { scratch.path }
            let reader = try BatchReader(inputs: app.inputs, tables: tables, joined: joined, partials: results.add)
            count = try read(app, reader, refused)
        }
        for table in tables {
            if states {
                try printStates(of: table, results, lines)
            } else if let out {
                try writeRows(of: table, results, to: out)
            } else {
                try printRows(of: table, results, isOnly: tables.count == 1)
            }
        }
        return count
    }

    private func printStates(of table: TableEntry, _ results: BatchTables, _ lines: PartialLines) throws {
        try results.states(of: table) { page in
            var writer = ByteWriter()
            lines.append(page, of: table, to: &writer)
            Output.standard.bytes(writer.bytes)
        }
    }

    private func printRows(of table: TableEntry, _ results: BatchTables, isOnly: Bool) throws {
        let start = isOnly ? [] : Array("\(table.name)\t".utf8)
        try results.eachRow(of: table) { fields in
            var writer = ByteWriter()
            writer.append(contentsOf: start)
            JSONText.append(object: fields, to: &writer)
            writer.append(UInt8(ascii: "\n"))
            Output.standard.bytes(writer.bytes)
        }
    }

    private func writeRows(of table: TableEntry, _ results: BatchTables, to folder: String) throws {
        let file = try RowFile(folder: folder, table: table.name)
        try results.eachRow(of: table) { try file.append($0) }
        try file.finish()
    }
}
