internal import ArgumentParser
internal import Foundation
internal import MaserClient
internal import RPC

struct BenchLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Rows a second, from a CSV file to a version that serves.",
        discussion: """
            Rows of about 50 bytes in random key order are read, sorted, written, uploaded, checked and adopted.

              maser bench load --rows 5000000
            """)

    @Option(help: "Rows of one run.")
    var rows = 1_000_000

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var bench: BenchOptions

    func validate() throws {
        if rows < 1 { throw ValidationError("--rows is \(rows), but at least one is needed") }
    }

    mutating func run() async throws {
        let (rowCount, runs) = (rows, bench.runs)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("maser-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (file, small) = (
            folder.appendingPathComponent("rows.csv").path, folder.appendingPathComponent("one.csv").path
        )
        try Self.write(rowCount, to: file)
        try Self.write(1, to: small)
        let load = { @Sendable (path: String, client: Client) in
            try await LoadRun(paths: [path], workFolder: folder.path + "/work", isForced: true, isAgain: true).run(
                BenchApp.loadedTable, client)
        }
        let figures = try await withClient(connection, connections: 2) { client in
            try await BenchApp.makeLoadedTable(client)
            var figures = BenchFigures()
            for _ in 0..<runs {
                let seconds = try await measure {
                    _ = try await load(file, client)
                }
                figures.add("load_rows_per_second", Double(rowCount) / seconds)
            }
            // What stays takes no room.
            _ = try await load(small, client)
            return figures
        }
        Output.standard.line("load, \(HumanText.count(rowCount)) rows of a CSV file:")
        printSheet([("  until it serves", rate(figures.median("load_rows_per_second"), "rows/s"))])
        try figures.write(to: bench.jsonFile)
    }

    private static func write(_ rows: Int, to path: String) throws {
        var text = "id,count,value,note\n"
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
        else { throw CommandError("cannot write \(path)") }
        defer { try? file.close() }
        // A stride that has no factor in common with the count visits every key once, in no order.
        var index = 0
        for _ in 0..<rows {
            index = (index + 7_368_787) % rows
            text += "id-\(index),\(index),\(Double(index) / 8),\"note, number \(index)\"\n"
            if text.utf8.count > 1 << 20 {
                try file.write(contentsOf: Data(text.utf8))
                text.removeAll(keepingCapacity: true)
            }
        }
        try file.write(contentsOf: Data(text.utf8))
    }
}
