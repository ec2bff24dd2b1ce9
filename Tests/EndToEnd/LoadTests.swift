import Foundation
import Testing

/// Batch files and a category make one table, wherever the cut is, and what serves is what was checked.
@Suite(.serialized) struct LoadTests {
    static let app = """
        CREATE APPLICATION clicks OPTIONS (checkpoint = '10 ms');
        CREATE CATEGORY clicks BUCKETS 3 BY page FORMAT JSON;
        CREATE INPUT TABLE clicks (at TIMESTAMP, page STRING, took INT64) FROM CATEGORY 'clicks' TIME at;
        CREATE TABLE by_page AS SELECT page, COUNT(*) AS n, SUM(took) AS took FROM clicks [1 DAY] GROUP BY page;
        CREATE TABLE latest PRIMARY KEY (page) AS SELECT page, took FROM clicks;
        CREATE CATEGORY others BUCKETS 1 FORMAT JSON;
        CREATE INPUT TABLE others (page STRING) FROM CATEGORY 'others';
        CREATE TABLE counted AS SELECT page, COUNT(*) AS n FROM others GROUP BY page;
        CREATE TABLE pages (page STRING, title STRING, price DOUBLE, ds STRING) PRIMARY KEY (page);
        """

    /// A hundred a day from the first of March on, of three pages in turn.
    private static func records(_ range: Range<Int>) -> String {
        range.map { number in
            #"{"at": "2024-03-\#(number / 100 < 9 ? "0" : "")\#(1 + number / 100)T10:00:00Z", "#
                + #""page": "p\#(number % 3)", "took": \#(number)}"# + "\n"
        }.joined()
    }

    /// What a table over these records holds, as `maser scan --json` prints it.
    private static func byPage(_ range: Range<Int>) -> [String] {
        var rows: [String: (n: Int, took: Int)] = [:]
        for number in range {
            let key = #"{"page":"p\#(number % 3)","window_start":"2024-03-0\#(1 + number / 100)T00:00:00Z""#
            let row = rows[key] ?? (0, 0)
            rows[key] = (row.n + 1, row.took + number)
        }
        return rows.map { #"\#($0),"n":\#($1.n),"took":\#($1.took)}"# }.sorted()
    }

    private static func latest(_ range: Range<Int>) -> [String] {
        range.suffix(3).map { #"{"page":"p\#($0 % 3)","took":\#($0)}"# }.sorted()
    }

    private func deployed() throws -> ServerProcess {
        let server = try ServerProcess()
        try server.start()
        try server.succeed(["deploy", server.folder.write("clicks.sql", Self.app)])
        return server
    }

    private func scan(_ server: ServerProcess, _ table: String) throws -> [String] {
        try server.succeed(["scan", table, "--json"]).lines.sorted()
    }

    private func load(_ server: ServerProcess, _ arguments: [String]) throws -> [String: Any] {
        let outcome = try server.succeed(
            ["load"] + arguments + ["--json", "--work", server.folder.path + "/work"])
        return try #require(outcome.lines.last.flatMap(Self.object))
    }

    private static func object(_ line: String) -> [String: Any]? {
        try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    }

    private func versions(_ server: ServerProcess, _ table: String) throws -> [[String: Any]] {
        try server.succeed(["versions", table, "--json"]).lines.compactMap(Self.object)
    }

    // MARK: The cut

    @Test func aHistoryCutAtPositionsAndTheLiveStreamMakeOneTable() throws {
        let server = try deployed()
        try server.succeed(["append", "clicks"], input: Self.records(200..<250))
        let cut = try server.folder.write("cut.json", server.succeed(["cut", "clicks"]).output)
        try server.succeed(["append", "clicks"], input: Self.records(250..<300))
        try server.waitUntilApplied()
        #expect(try scan(server, "by_page") == Self.byPage(200..<300))

        let history = try server.folder.write("history.jsonl", Self.records(0..<250))
        for table in ["by_page", "latest"] {
            let loaded = try load(server, [table, history, "--cut", cut])
            #expect(loaded["state"] as? String == "serving", "\(loaded)")
        }
        #expect(try scan(server, "by_page") == Self.byPage(0..<300))
        #expect(try scan(server, "latest") == Self.latest(0..<300))
        try server.succeed(["append", "clicks"], input: Self.records(300..<350))
        try server.waitUntilApplied()
        #expect(try scan(server, "by_page") == Self.byPage(0..<350))
        #expect(try scan(server, "latest") == Self.latest(0..<350))

        server.kill(SIGKILL)
        try server.start()
        try server.waitUntilApplied()
        #expect(try scan(server, "by_page") == Self.byPage(0..<350))
        let made = try versions(server, "by_page")
        #expect(made.map { $0["state"] as? String } == ["standby", "serving"])
        #expect((made[1]["cut"] as? [String: Any])?["kind"] as? String == "positions")
    }

    @Test func aCutByTimeLeavesLaterRowsToTheCategoryAndCountsWhatComesTooLate() throws {
        let server = try deployed()
        try server.succeed(["append", "clicks"], input: Self.records(150..<300))
        let history = try server.folder.write("history.jsonl", Self.records(0..<250))
        let loaded = try load(server, ["by_page", history, "--before", "2024-03-03"])
        #expect(loaded["state"] as? String == "serving" && loaded["left_out"] as? Int == 50, "\(loaded)")
        #expect(try scan(server, "by_page") == Self.byPage(0..<300))

        let before = try versions(server, "by_page").last?["stragglers"] as? Int
        try server.succeed(["append", "clicks"], input: Self.records(0..<7) + Self.records(300..<310))
        try server.waitUntilApplied()
        #expect(try scan(server, "by_page") == Self.byPage(0..<310))
        let after = try versions(server, "by_page").last?["stragglers"] as? Int
        #expect((after ?? 0) - (before ?? 0) == 7, "\(String(describing: before)), \(String(describing: after))")
    }

    @Test func aLoadFromTheEarliestCountsOnTopAndOneThatReplacesCountsAlone() throws {
        let server = try deployed()
        try server.succeed(["append", "clicks"], input: Self.records(100..<200))
        try server.waitUntilApplied()
        let history = try server.folder.write("history.jsonl", Self.records(0..<100))
        #expect(try load(server, ["by_page", history, "--from", "earliest"])["state"] as? String == "serving")
        #expect(try scan(server, "by_page") == Self.byPage(0..<200))
        #expect(try load(server, ["by_page", history, "--replace", "--force"])["state"] as? String == "serving")
        #expect(try scan(server, "by_page") == Self.byPage(0..<100))
    }

    @Test func whereALiveTableGoesOnHasToBeSaidAndHasToFit() throws {
        let server = try deployed()
        try server.succeed(["append", "clicks"], input: Self.records(0..<100))
        try server.waitUntilApplied()
        let history = try server.folder.write("history.jsonl", Self.records(0..<100))
        let rows = try server.folder.write("pages.csv", "page,title,price,ds\np1,One,1.5,d\n")
        func refused(_ arguments: [String], _ words: String...) throws {
            let said = try expectRefusal(["load"] + arguments, environment: server.environment)
            for word in words { #expect(said.contains(word), "\(arguments): \(said)") }
        }
        try refused(["by_page", history], "--cut", "--before", "--from earliest", "--replace", "maser cut clicks")
        let other = try server.folder.write("other.json", server.succeed(["cut", "others"]).output)
        try refused(["by_page", history, "--cut", other], "others", "clicks")
        try refused(["counted", history, "--before", "2024-03-01"], "--before", "event time", "maser cut others")
        try refused(["pages", rows, "--replace"], "no category feeds table pages")
        let text = try server.succeed(["cut", "clicks"]).output
        let beyond = try server.folder.write(
            "beyond.json", text.replacingOccurrences(of: #""offsets":["#, with: #""offsets":[9"#))
        try refused(["by_page", history, "--cut", beyond], "clicks")
        let torn = try server.folder.write("torn.json", String(text.prefix(20)))
        try refused(["by_page", history, "--cut", torn], "maser cut")
        #expect(try scan(server, "by_page") == Self.byPage(0..<100))
        #expect(try versions(server, "by_page").count == 1)
    }

    // MARK: Checks and versions

    @Test func aLoadThatFailsItsChecksIsHeldBackUntilSomebodyLetsItServe() throws {
        let server = try deployed()
        func pages(_ count: Int, price: String = "1.5") -> String {
            "page,title,price,ds\n" + (0..<count).map { "p\($0),Page \($0),\(price),d\n" }.joined()
        }
        let good = try server.folder.write("good.csv", pages(100))
        let few = try server.folder.write("few.csv", pages(10))
        let nulls = try server.folder.write("nulls.csv", pages(100, price: ""))
        #expect(try load(server, ["pages", good])["version"] as? Int == 1)
        for (file, words) in [(nulls, ["price", "NULL"]), (few, ["10 rows", "at least 50"])] {
            let held = try server.maser(["load", "pages", file])
            #expect(held.exitCode == 1 && held.output.contains("held back"), "\(held)")
            for word in words { #expect(held.errors.contains(word), "\(held.errors)") }
            #expect(try scan(server, "pages").count == 100)
        }
        #expect(try versions(server, "pages").map { $0["state"] as? String } == ["serving", "held"])
        let told = try server.succeed(["versions", "pages"]).output
        #expect(told.contains("failed") && told.contains("maser rollback pages 3"), "\(told)")

        try server.succeed(["rollback", "pages", "3"])
        #expect(try scan(server, "pages").count == 10)
        try server.succeed(["rollback", "pages"])
        #expect(try scan(server, "pages").count == 100)
        #expect(try load(server, ["pages", few, "--force"])["state"] as? String == "serving")
        #expect(try scan(server, "pages").count == 10)
    }

    @Test func aRollbackServesCurrentRowsAtOnceAndADroppedVersionIsGone() throws {
        let server = try deployed()
        try server.succeed(["append", "clicks"], input: Self.records(100..<200))
        let history = try server.folder.write("history.jsonl", Self.records(0..<100))
        #expect(try load(server, ["by_page", history, "--from", "earliest"])["version"] as? Int == 2)
        try server.succeed(["append", "clicks"], input: Self.records(200..<300))
        try server.waitUntilApplied()
        let back = try server.succeed(["rollback", "by_page"])
        #expect(back.output.contains("version 1 of by_page serves in place of 2"), "\(back.output)")
        #expect(try scan(server, "by_page") == Self.byPage(100..<300))
        try server.succeed(["rollback", "by_page", "2"])
        #expect(try scan(server, "by_page") == Self.byPage(0..<300))

        let dropped = try server.succeed(["versions", "by_page", "--drop", "1"])
        #expect(dropped.output.contains("version 1 of by_page is dropped"), "\(dropped.output)")
        #expect(try versions(server, "by_page").map { $0["version"] as? Int } == [2])
        try expectRefusal(
            ["versions", "by_page", "--drop", "2"], environment: server.environment, mentions: "2", "serves")
        try expectRefusal(["rollback", "by_page"], environment: server.environment, mentions: "by_page")
        try expectRefusal(["rollback", "by_page", "9"], environment: server.environment, mentions: "9")
    }

    // MARK: Built elsewhere

    @Test func aVersionBuiltWhereNoServerIsIsAdoptedOnceAndOnlyAsItWasBuilt() throws {
        let server = try deployed()
        try server.succeed(["append", "clicks"], input: Self.records(200..<300))
        let descriptor = try server.folder.write(
            "by_page.json", server.succeed(["describe", "by_page", "--descriptor"]).output)
        let history = try server.folder.write("history.jsonl", Self.records(0..<250))
        let built = server.folder.path + "/built"
        let made = try MaserBinary.run([
            "build-version", "--descriptor", descriptor, history, "--before", "2024-03-03", "--out", built,
        ])
        #expect(made.exitCode == 0 && made.output.contains("maser load by_page --built"), "\(made)")
        #expect(try load(server, ["by_page", "--built", built])["state"] as? String == "serving")
        #expect(try scan(server, "by_page") == Self.byPage(0..<300))

        func refused(_ arguments: [String], _ words: String...) throws {
            let said = try expectRefusal(["load"] + arguments, environment: server.environment)
            for word in words { #expect(said.contains(word), "\(arguments): \(said)") }
        }
        try refused(["by_page", "--built", built], "already", "--again")
        #expect(try load(server, ["by_page", "--built", built, "--again"])["state"] as? String == "serving")
        try refused(["by_page", "--built", server.folder.path + "/nothing"], "manifest.json")
        let file = try #require(
            try FileManager.default.contentsOfDirectory(atPath: built).first { $0.hasSuffix(".sst") })
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: "\(built)/\(file)"))
        try handle.seek(toOffset: 100)
        let byte = try #require(try handle.read(upToCount: 1)?.first)
        try handle.seek(toOffset: 100)
        try handle.write(contentsOf: Data([byte ^ 1]))
        try handle.close()
        try refused(["by_page", "--built", built, "--again"], file)
        #expect(try scan(server, "by_page") == Self.byPage(0..<300))
    }

    // MARK: Files

    @Test func foldersLaidOutAsHiveDoesGiveTheirRowsColumns() throws {
        let server = try deployed()
        let root = server.folder.path + "/warehouse"
        for (day, page) in [("2013-01-05", "a"), ("2013-01-06", "b"), ("2014-01-01", "c")] {
            try FileManager.default.createDirectory(atPath: "\(root)/ds=\(day)", withIntermediateDirectories: true)
            _ = try server.folder.write("warehouse/ds=\(day)/part.csv", "name,title,price\n\(page),T,1.5\n")
        }
        func rows(_ days: [(String, String)]) -> [String] {
            days.map { #"{"page":"\#($0.0)","title":"T","price":1.5,"ds":"\#($0.1)"}"# }
        }
        _ = try load(server, ["pages", root, "--column", "page=name"])
        #expect(try scan(server, "pages") == rows([("a", "2013-01-05"), ("b", "2013-01-06"), ("c", "2014-01-01")]))
        _ = try load(server, ["pages", root + "/ds=2013-*", "--column", "page=name"])
        #expect(try scan(server, "pages") == rows([("a", "2013-01-05"), ("b", "2013-01-06")]))
    }

    @Test func parquetIsLoadedOrRefusedInOneLineWhereMaserWasBuiltWithoutArrow() throws {
        let server = try deployed()
        try server.succeed([
            "deploy",
            server.folder.write(
                "rows.sql",
                "CREATE TABLE scores (id INT64, name STRING, score DOUBLE, seen TIMESTAMP) PRIMARY KEY (id);"),
        ])
        let vectors =
            URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
            + "/BulkLoadTests/vectors"
        let outcome = try server.maser(["load", "scores", vectors + "/rows.parquet", "--json"])
        guard outcome.exitCode == 0 else {
            expectOneClearLine(outcome.errors, mentions: ["rows.parquet", "Arrow"])
            return
        }
        let rows = try scan(server, "scores")
        let loaded = try #require(outcome.lines.last.flatMap(Self.object))
        #expect(loaded["rows"] as? Int == rows.count && rows.count > 100)
        #expect(
            try server.succeed(["get", "scores", "3", "5", "--json"]).lines == [
                #"{"id":3,"name":null,"score":0.75,"seen":"1970-01-01T00:00:03Z"}"#,
                #"{"id":5,"name":"name 5","score":1.25,"seen":"1970-01-01T00:00:05Z"}"#,
            ])
        let torn = try Data(contentsOf: URL(fileURLWithPath: vectors + "/rows.parquet")).dropLast(100)
        try torn.write(to: URL(fileURLWithPath: server.folder.path + "/torn.parquet"))
        try expectRefusal(
            ["load", "scores", server.folder.path + "/torn.parquet"], environment: server.environment,
            mentions: "torn.parquet")
        #expect(try scan(server, "scores") == rows)
    }
}
