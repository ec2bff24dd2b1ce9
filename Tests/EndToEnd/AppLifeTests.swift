import Foundation
import MaserClient
import Testing

/// An app from its first deploy on: changed, stopped, started, built anew from history.
@Suite(.serialized) struct AppLifeTests {
    static let app = """
        CREATE APPLICATION clicks OPTIONS (checkpoint = '10 ms');
        CREATE CATEGORY clicks BUCKETS 2 BY page FORMAT JSON;
        CREATE INPUT TABLE clicks (at TIMESTAMP, page STRING, took INT64) FROM CATEGORY 'clicks' TIME at;
        CREATE TABLE by_page AS SELECT page, COUNT(*) AS n FROM clicks [1 DAY] GROUP BY page;
        """

    private static func records(_ range: Range<Int>) -> String {
        range.map { #"{"at": "2024-03-01T10:00:00Z", "page": "p\#($0 % 3)", "took": \#($0)}"# + "\n" }.joined()
    }

    private func deployed() throws -> ServerProcess {
        let server = try ServerProcess()
        try server.start()
        try server.succeed(["deploy", server.folder.write("clicks.sql", Self.app)])
        try server.succeed(["append", "clicks"], input: Self.records(0..<300))
        try server.waitUntilApplied()
        return server
    }

    @Test func aChangedFileIsShownBeforeItIsDeployedAndGoesOnWhereItWas() throws {
        let server = try deployed()
        let changed = try server.folder.write(
            "clicks.sql", Self.app.replacingOccurrences(of: "COUNT(*) AS n", with: "COUNT(*) AS n, SUM(took) AS took"))
        let dry = try server.succeed(["deploy", changed, "--dry-run"])
        #expect(dry.output.contains("new column took"), "\(dry.output)")
        #expect(dry.output.contains("nothing was changed"), "\(dry.output)")
        #expect(try !server.succeed(["describe", "by_page"]).output.contains("took"))
        let done = try server.succeed(["deploy", changed])
        #expect(done.output.contains("new column took") && done.output.contains("deployed clicks"), "\(done.output)")
        #expect(try server.succeed(["deploy", changed]).output.contains("nothing to do"))
        try server.succeed(["append", "clicks"], input: Self.records(300..<303))
        try server.waitUntilApplied()
        let before = try server.succeed(["get", "by_page", "p0,2024-03-01", "--json"])
        #expect(before.output.contains(#""n":101,"took":null"#), "\(before.output)")

        let filled = try server.succeed(["backfill", "by_page", "--from", "earliest"])
        #expect(filled.output == "version 2 of by_page serves\n")
        let after = try server.succeed(["get", "by_page", "p0,2024-03-01", "--json"])
        #expect(after.output.contains(#""n":101,"took":\#((0...100).reduce(0) { $0 + $1 * 3 })"#), "\(after.output)")
        let versions = try server.succeed(["versions", "by_page", "--json"])
        #expect(versions.lines.count == 2)
        #expect(versions.lines[0].contains(#""state":"standby""#) && versions.lines[1].contains(#""state":"serving""#))
    }

    @Test func aClientThatKnowsTheTableReadsItsNewColumnAfterADeploy() async throws {
        let server = try deployed()
        let client = try await Client.connect(server.configuration)
        defer { client.close() }
        let pages = try await client.table("by_page")
        #expect(try await pages.scan().reduce(0) { try $0 + ($1["n", as: Int.self] ?? 0) } == 300)
        let changed = try server.folder.write(
            "clicks.sql",
            Self.app.replacingOccurrences(of: "COUNT(*) AS n", with: "COUNT(*) AS n, COUNT(*) * 2 AS twice"))
        try server.succeed(["deploy", changed])
        #expect(try await pages.scan().reduce(0) { try $0 + ($1["twice", as: Int.self] ?? 0) } == 600)
    }

    @Test func aStoppedAppShowsWhatWaitsAndGoesOnAfterwards() throws {
        let server = try deployed()
        try server.succeed(["stop", "clicks"])
        try server.succeed(["append", "clicks"], input: Self.records(0..<30))
        server.kill(SIGKILL)
        try server.start()
        let status = try server.succeed(["status"])
        #expect(status.output.contains("stopped") && status.output.contains("30 to apply"), "\(status.output)")
        try server.succeed(["start", "clicks"])
        try server.waitUntilApplied()
        #expect(try server.succeed(["get", "by_page", "p0,2024-03-01", "--json"]).output.contains(#""n":110"#))
    }

    @Test func statusAndMetricsShowEveryBucket() throws {
        let server = try deployed()
        let buckets = try server.succeed(["status", "--json"]).lines.filter { $0.contains(#""kind":"bucket""#) }
        #expect(buckets.count == 2)
        for name in ["position", "lag", "lag_seconds", "records_per_second", "late_records", "dead_letters", "records"]
        {
            #expect(buckets.allSatisfy { $0.contains("\"\(name)\":") }, "\(name): \(buckets)")
        }
        let app = try #require(
            try server.succeed(["status", "--json"]).lines.first { $0.contains(#""kind":"app""#) })
        for name in ["partials", "checkpoint_seconds", "stage_seconds", "generation", "unmatched_records"] {
            #expect(app.contains("\"\(name)\":"), "\(name): \(app)")
        }
        #expect(try server.succeed(["status"]).output.contains("generation 1"))
    }

    @Test func whatCannotBeDoneIsRefusedInOneLine() throws {
        let server = try deployed()
        func expectRefusal(_ arguments: [String], mentions: String, exitCode: Int32 = 1) throws {
            let outcome = try server.maser(arguments)
            #expect(outcome.exitCode == exitCode, "\(arguments): \(outcome.output)\(outcome.errors)")
            #expect(outcome.errors.contains(mentions), "\(arguments): \(outcome.errors)")
        }
        try expectRefusal(["stop", "none"], mentions: "no app none")
        try expectRefusal(["backfill", "none", "--from", "earliest"], mentions: "no table none")
        try expectRefusal(["backfill", "by_page", "--from", "sometime"], mentions: "sometime", exitCode: 2)
        try expectRefusal(["backfill", "by_page"], mentions: "--from", exitCode: 2)
    }
}

extension ServerProcess {
    @discardableResult
    func succeed(_ arguments: [String], input: String = "") throws -> MaserBinary.Outcome {
        let outcome = try maser(arguments, input: input)
        #expect(outcome.exitCode == 0, "\(arguments): \(outcome.output)\(outcome.errors)")
        return outcome
    }
}
