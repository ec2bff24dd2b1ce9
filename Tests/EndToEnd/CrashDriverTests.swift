import Foundation
import Testing

/// `tools/crash` in short: a server that is killed again and again, and whose power is cut, answers as a reference does
/// that shares no code with it. And the driver would notice: what is made wrong on purpose, it reports.
@Suite(.serialized) struct CrashDriverTests {
    private static let tools =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path + "/tools"

    private func crash(_ arguments: [String]) throws -> (outcome: MaserBinary.Outcome, figures: [String: Any]) {
        let folder = try TemporaryFolder()
        let file = folder.path + "/figures.json"
        let outcome = try Tool.run(
            "python3",
            [Self.tools + "/crash", "--binary", MaserBinary.path, "--json", file, "--rate", "600"] + arguments,
            environment: ["TMPDIR": folder.path], seconds: 180)
        let written = FileManager.default.contents(atPath: file) ?? Data("{}".utf8)
        return (outcome, try #require(try JSONSerialization.jsonObject(with: written) as? [String: Any]))
    }

    @Test func everyTableAndOutputIsRightAfterKillsAndPowerCuts() throws {
        let (outcome, figures) = try crash(["--kills", "12", "--power-cut", "--check-every", "6"])
        let said = "\(outcome.output)\(outcome.errors)"
        #expect(outcome.exitCode == 0, "\(said)")
        #expect(figures["differences"] as? Int == 0, "\(said)")
        #expect(figures["kills"] as? Int == 12, "\(said)")
        #expect((figures["power_cuts"] as? Int ?? 0) > 0, "\(said)")
        #expect((figures["records"] as? Int ?? 0) > 100, "\(said)")
        #expect((figures["retries"] as? Int ?? 0) > 0, "\(said)")
    }

    @Test func loadsOutliveTheirClientsAndServersAndWhatServesNeverWavers() throws {
        let (outcome, figures) = try crash(["--loads", "--kills", "8"])
        let said = "\(outcome.output)\(outcome.errors)"
        #expect(outcome.exitCode == 0, "\(said)")
        #expect(figures["differences"] as? Int == 0, "\(said)")
        #expect(figures["kills"] as? Int == 8, "\(said)")
        #expect((figures["scans"] as? Int ?? 0) > 0, "\(said)")
    }

    @Test(arguments: [
        ["--positions-apart", "--phases", "ingest,checkpoint"],
        ["--outputs-not-deduplicated", "--phases", "ingest,checkpoint"],
        ["--power-cut", "--syncs-ignored", "--phases", "ingest,append"],
    ])
    func theDriverReportsWhatIsWrongOnPurpose(arguments: [String]) throws {
        // It ends with the first comparison that finds something.
        let (outcome, figures) = try crash(arguments + ["--kills", "24", "--check-every", "3"])
        let said = "\(outcome.output)\(outcome.errors)"
        #expect(outcome.exitCode == 1, "\(said)")
        #expect((figures["differences"] as? Int ?? 0) > 0, "\(said)")
        #expect(outcome.output.contains("\ndifference: "), "\(said)")
    }
}
