internal import ArgumentParser
internal import Foundation
internal import MaserClient
internal import RPC
internal import SQL

struct Deploy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes what an SQL file declares, or changes what is there: an app, categories, tables.",
        discussion: """
            What is there already and matches is left alone, so that deploying a file again changes nothing. What differs \
            is printed first, a line each, and then changed where that is safe: the app ends at a checkpoint and goes on in \
            its next generation, with no record lost or repeated. What is not safe is refused with the way to do it, and \
            nothing of the file is changed.

              maser deploy tools/examples/delays.sql
              maser deploy tools/examples/delays.sql --dry-run

            A table or an output category that joins an app begins where its input table does; a state that joins a table \
            with panes counts in panes that begin afterwards, and is NULL in those before (`maser backfill` fills them).

            What a file can declare (every keyword is free as a name; "..." quotes names, '...' strings):

            \(indented(SQLReference.grammar))

            Aggregates, each with FILTER (WHERE condition) if wanted: \(SQLReference.aggregates).

            Functions, besides operators, CASE, LIKE, IN, BETWEEN and IS NULL: \(SQLReference.functions).

            \(SQLReference.notes)
            """)

    @Argument(help: "The SQL file; - reads standard input.")
    var file: String

    @Flag(help: "Print what would change, and change nothing.")
    var dryRun = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let sql = try readText(file)
        let (file, dryRun, json) = (file, dryRun, output.json)
        try await withClient(connection) { client in
            let name = file == "-" ? "standard input" : file
            let planned = try await client.deploy(sql, file: name, isDryRun: true)
            if json {
                let done = dryRun ? planned : try await client.deploy(sql, file: name)
                try Output.standard.json(Answer(app: done.app, changes: done.changes, isDryRun: dryRun))
                return
            }
            for change in planned.changes { Output.standard.line(change) }
            if planned.changes.isEmpty {
                Output.standard.line("nothing to do: everything in \(file) is there already")
            } else if dryRun {
                Output.standard.line("nothing was changed: this was a dry run")
            } else {
                Output.standard.flush()
                let done = try await client.deploy(sql, file: name)
                // Somebody else may have deployed in between.
                if done.changes != planned.changes {
                    Output.standard.line("by now it was another difference:")
                    for change in done.changes { Output.standard.line(change) }
                }
                Output.standard.line(done.app.isEmpty ? "done" : "deployed \(done.app)")
            }
        }
    }

    private struct Answer: Encodable {
        var app: String
        var changes: [String]
        var isDryRun: Bool
    }
}

/// As help shows examples.
private func indented(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : "  \($0)" }
        .joined(separator: "\n")
}

/// A whole file, or standard input where the path is `-`.
func readText(_ path: String) throws -> String {
    let bytes: Data?
    do {
        bytes =
            path == "-"
            ? try FileHandle.standardInput.readToEnd() : try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
        throw CommandError("cannot read \(path): \(systemReason(error))")
    }
    guard let text = String(validating: bytes ?? Data(), as: UTF8.self) else {
        throw CommandError("\(path) is no UTF-8 text")
    }
    return text
}
