import Catalog
import Foundation
import SQL
import Testing

/// The commands of the scripts:
///
/// - `reset` empties the catalog.
/// - `plan` prints what a file adds to the catalog, or its error, and leaves the catalog as it was.
/// - `deploy` prints the changes, or the error, and adds them to the catalog.
/// - `joining TABLE` prints the apps that join a table.
/// - `delete APP` removes an app but keeps its tables, `drop APP` removes both.
@Suite struct ScriptTests {
    static let scripts: [URL] = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "scripts")
        let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return (files ?? []).filter { $0.pathExtension == "test" }.sorted { $0.path < $1.path }
    }()

    @Test func thereAreScripts() {
        #expect(!Self.scripts.isEmpty)
    }

    @Test(arguments: scripts)
    func theScriptGivesWhatItSays(_ url: URL) throws {
        var catalog = CatalogSnapshot(shardCount: 64)
        try ScriptFile(url).run { item in
            let words = item.command.split(separator: " ").map(String.init)
            switch words[0] {
            case "reset":
                catalog = CatalogSnapshot(shardCount: 64)
                return ""
            case "plan": return try outcome { describe(try deployment(item.input, catalog), in: catalog) }
            case "deploy":
                return try outcome {
                    let deployment = try deployment(item.input, catalog)
                    for category in deployment.categories { try catalog.put(category) }
                    for table in deployment.tables { try catalog.put(table) }
                    if var app = deployment.app {
                        // As the server does: START LATEST is where the log ends, here always at 7.
                        for index in app.inputTables.indices
                        where app.inputTables[index].start == .latest && app.inputTables[index].startOffsets == nil {
                            app.inputTables[index].startOffsets = [7]
                        }
                        try catalog.put(app)
                    }
                    return deployment.changes.isEmpty ? "nothing changes" : deployment.changes.joined(separator: "\n")
                }
            case "joining":
                guard let table = catalog.table(named: words[1]) else { return "no such table" }
                let apps = catalog.apps(joining: table.id).map(\.name)
                return apps.isEmpty ? "none" : apps.joined(separator: ", ")
            case "delete", "drop":
                guard let app = catalog.app(named: words[1]) else { return "no such application" }
                catalog.removeApp(id: app.id)
                for table in app.tableIDs.compactMap({ catalog.table(id: $0) }) {
                    if words[0] == "drop" {
                        catalog.removeTable(id: table.id)
                    } else {
                        try catalog.put(table.kept(from: app))
                    }
                }
                for category in app.outputIDs.compactMap({ catalog.category(id: $0) }) {
                    if words[0] == "drop" {
                        catalog.removeCategory(id: category.id)
                    } else {
                        try catalog.put(category.kept())
                    }
                }
                return "done"
            default: return "there is no command \(words[0])"
            }
        }
    }

    private func deployment(_ sql: String, _ catalog: CatalogSnapshot) throws(SQLError) -> Deployment {
        try plan(try parse(sql, file: "test.sql"), against: catalog, now: 1_700_000_000_000_000)
    }

    private func outcome(_ body: () throws -> String) rethrows -> String {
        do { return try body() } catch let error as SQLError { return error.description }
    }
}
