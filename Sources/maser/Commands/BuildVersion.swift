internal import ArgumentParser
internal import BulkLoad
internal import Foundation

struct BuildVersion: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build-version",
        abstract: "Builds a table's new version out of batch files where no server is, for `maser load --built`.",
        discussion: """
            What it has to know of the table stands in a file that `maser describe` prints; it takes the files and options that \
            `maser load` takes, and says nothing to any server.

              maser describe delay_by_route --descriptor > delay_by_route.json
              maser build-version --descriptor delay_by_route.json history/ --before 2013-07-01 --out version
              maser load delay_by_route --built version

            A build that broke off goes on where it was when it is called again. The folder can be moved to wherever the server is \
            near; whether it still is as it was built, and fits the table as it is by then, is checked when it is loaded.
            """)

    @Option(help: "A file that `maser describe TABLE --descriptor` printed.")
    var descriptor: String

    @Argument(help: "Files, folders and patterns; later rows win over earlier ones.")
    var paths: [String]

    @Option(help: "The folder to make the version in.")
    var out: String

    @OptionGroup var cut: CutOptions
    @OptionGroup var build: BuildOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        lowerPriority()
        let clock = ContinuousClock()
        let began = clock.now
        let bytes: Data
        do {
            bytes = try Data(contentsOf: URL(fileURLWithPath: descriptor))
        } catch {
            throw CommandError("cannot read \(descriptor): \(systemReason(error))")
        }
        let table = try LoadDescriptor(decoding: [UInt8](bytes))
        let run = LoadRun(
            paths: paths, nullText: build.nullText, columnNames: try build.columnNames, joined: build.joined,
            memoryBytes: build.memory.bytes)
        let (built, warnings) = try run.build(table, try cut.cut(for: table), in: out)
        for warning in warnings { standardError("maser: \(warning)") }
        let manifest = built.manifest
        let seconds = (clock.now - began).inSeconds
        if output.json {
            return try Output.standard.json(
                Answer(
                    table: manifest.table.name, rows: manifest.rows, duplicates: manifest.duplicates,
                    leftOut: manifest.leftOut, files: manifest.files.count, bytes: manifest.bytes, seconds: seconds))
        }
        Output.standard.line(
            "\(out) has \(HumanText.count(manifest.rows)) rows for \(manifest.table.name), \(HumanText.bytes(manifest.bytes)), "
                + "in \(HumanText.seconds(seconds)); `maser load \(manifest.table.name) --built \(out)` lets them serve"
        )
    }

    private struct Answer: Encodable {
        var table: String
        var rows: Int64
        var duplicates: Int64
        var leftOut: Int64
        var files: Int
        var bytes: Int64
        var seconds: Double
    }
}
