import Foundation
import Testing

/// Commands that are written wrongly, without a server: one line says what to write.
@Suite struct UsageTests {
    @Test func whatIsWrittenWronglyIsSaidWithWhatIsRight() throws {
        try expectRefusal(["gett", "airports"], mentions: "no command gett", "maser --help", exitCode: 2)
        try expectRefusal(["get"], mentions: "<table>", "maser get --help", exitCode: 2)
        try expectRefusal(["tail", "c", "--from", "yesterday"], mentions: "earliest", "2026-07-04", exitCode: 2)
        try expectRefusal(["fold", "t", "k", "--from", "July"], mentions: "2026-07-04", exitCode: 2)
        try expectRefusal(["fold", "t", "k", "--last", "2fortnights"], mentions: "90min", exitCode: 2)
        try expectRefusal(["backfill", "t", "--from", "never"], mentions: "earliest", "2026-07-04", exitCode: 2)
        try expectRefusal(["deploy", "/no/such.sql"], mentions: "/no/such.sql", "No such file")
    }

    @Test func aBackfillFromTheFutureIsRefused() throws {
        try expectRefusal(["backfill", "t", "--from", "9000-01-01"], mentions: "yet to come", exitCode: 2)
    }

    @Test func aRunSaysWhichHelpToRead() throws {
        let folder = try TemporaryFolder()
        let app = try folder.write("app.sql", Self.app)
        try expectRefusal(
            ["run", app, "--input", "/dev/null", "--load", "rows.csv"], mentions: "rows.csv", "maser run --help",
            exitCode: 2)
    }

    @Test func whoeverReadsTheMessagesMayGo() throws {
        let folder = try TemporaryFolder()
        let app = try folder.write("app.sql", Self.app)
        let records = try folder.write("records.jsonl", String(repeating: "not JSON\n", count: 100))
        let messages = Pipe()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: MaserBinary.path)
        process.arguments = ["run", app, "--input", records]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = messages
        try messages.fileHandleForReading.close()
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == 1)
    }

    private static let app = """
        CREATE APPLICATION counts;
        CREATE CATEGORY c FORMAT JSON;
        CREATE INPUT TABLE i (id INT64) FROM CATEGORY c;
        CREATE TABLE t AS SELECT id, COUNT(*) AS n FROM i GROUP BY id;
        """
}
