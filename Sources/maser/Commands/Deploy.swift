internal import ArgumentParser
internal import Foundation
internal import MaserClient
internal import RPC

struct Deploy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes what an SQL file declares: an app, categories, tables.",
        discussion: """
            What is there already and matches is left alone, so that deploying a file again changes nothing. What \
            differs is refused with the way to do it.

              maser deploy tools/examples/delays.sql
            """)

    @Argument(help: "The SQL file; - reads standard input.")
    var file: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let sql = try readText(file)
        let file = file
        let response = try await withClient(connection) { client in
            try await client.deploy(sql, file: file == "-" ? "standard input" : file)
        }
        if output.json {
            try Output.standard.json(Answer(app: response.app, changes: response.changes))
        } else if response.changes.isEmpty {
            Output.standard.line("nothing to do: everything in \(file) is there already")
        } else {
            for change in response.changes { Output.standard.line(change) }
        }
    }

    private struct Answer: Encodable {
        var app: String
        var changes: [String]
    }
}

private func readText(_ path: String) throws -> String {
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
