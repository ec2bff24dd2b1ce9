import Catalog
import Foundation
import SQL
import Testing

/// The file that tools/quickstart deploys.
@Suite struct ExampleTests {
    static let file = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().appending(path: "../../tools/examples/delays.sql").standardizedFileURL

    @Test func theExampleDeploysOnceAndThenChangesNothing() throws {
        let script = try parse(try String(contentsOf: Self.file, encoding: .utf8), file: "delays.sql")
        #expect(script.applicationName == "delays")
        var catalog = CatalogSnapshot(shardCount: 64)
        let deployment = try plan(script, against: catalog, now: 0)
        #expect(deployment.categories.map(\.name) == ["flights", "delays_dead_letters"])
        for category in deployment.categories { try catalog.put(category) }
        for table in deployment.tables { try catalog.put(table) }
        try catalog.put(try #require(deployment.app))
        let again = try plan(script, against: catalog, now: 1)
        #expect(again.app == nil && again.categories.isEmpty && again.tables.isEmpty && again.changes.isEmpty)
    }
}
