import Foundation
import Testing

/// `Protocols/` is enough to write a client: one in Python, written from it alone, gets back what was put in.
///
/// What it asks and expects stands in tools/examples/maser_client/against_server.py. It needs no package, so that any
/// `python3` will do.
@Suite struct OtherLanguageTests {
    private static let examples =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path + "/tools/examples"

    private func python(_ arguments: [String], _ environment: [String: String] = [:]) throws -> MaserBinary.Outcome {
        try Tool.run(
            "python3", ["-m", "maser_client.against_server"] + arguments,
            environment: environment.merging(["PYTHONPATH": Self.examples, "PYTHONDONTWRITEBYTECODE": "1"]) { $1 })
    }

    @Test func aPythonClientGetsEveryAnswerRight() throws {
        let server = try ServerProcess()
        try server.start()
        let files = try python(["files", server.folder.path])
        #expect(files.exitCode == 0, "\(files.errors)")
        for command in [
            ["deploy", "others.sql"], ["load", "things", "things.jsonl"], ["load", "keyed", "keyed.csv"],
        ] {
            let outcome = try server.maser(command.dropLast() + [server.folder.path + "/" + command[command.count - 1]])
            #expect(outcome.exitCode == 0, "\(command): \(outcome.errors)")
        }
        let checks = try python([], server.environment)
        #expect(checks.exitCode == 0, "\(checks.errors)\(server.log)")
        #expect(checks.errors.contains("\nOK"), "\(checks.errors)")
    }
}
