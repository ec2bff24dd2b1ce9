import Foundation
import Records
import SQL
import Testing

/// Statements, the records that come, and the rows and records that they make. The commands of the scripts:
///
/// - `deploy [TIME]` deploys a file, at a time that counts for states that join a table, and prints the changes.
/// - `append CATEGORY` appends a record a line, `load TABLE` makes a version of a row a line; then every app takes all there is.
/// - `rows TABLE` prints a table's rows, `records CATEGORY` what a category holds, sorted.
@Suite struct RowScriptTests {
    static let scripts: [URL] = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../scripts/rows")
            .standardizedFileURL
        let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return (files ?? []).filter { $0.pathExtension == "test" }.sorted { $0.path < $1.path }
    }()

    @Test func thereAreScripts() {
        #expect(!Self.scripts.isEmpty)
    }

    @Test(arguments: scripts, ScriptedServer.Manner.allCases)
    func theScriptGivesTheRowsThatItSays(_ url: URL, _ manner: ScriptedServer.Manner) throws {
        // What each checkpoint changed depends on where the checkpoints are.
        if url.lastPathComponent.hasPrefix("changes"), manner == .bitByBit { return }
        let server = try ScriptedServer(manner)
        try ScriptFile(url).run { item in
            let words = item.command.split(separator: " ").map(String.init)
            switch words[0] {
            case "deploy":
                let now = words.count > 1 ? Timestamp.parse(words[1]) : 0
                do { return try server.deploy(item.input, now: now ?? 0) } catch let error as SQLError {
                    return error.description
                }
            case "append":
                try server.append(item.input, to: words[1])
                try server.process()
                return "done"
            case "load":
                try server.load(item.input, into: words[1])
                return "done"
            case "rows", "records":
                let lines = words[0] == "rows" ? try server.rows(of: words[1]) : try server.records(of: words[1])
                return lines.isEmpty ? "none" : lines
            default: return "there is no command \(words[0])"
            }
        }
    }
}
