import Foundation
import Testing

/// `tools/attack` in short: whoever lies, stalls, floods or should not come in learns so, polite clients get every answer, and the
/// server's memory stays within its bounds. What it costs in time the whole form tells.
@Suite(.serialized) struct AttackTests {
    private static let tools =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path + "/tools"

    @Test func noAttackCostsMoreThanItIsSaidTo() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/attacks.json"
        let outcome = try Tool.run(
            "python3", [Self.tools + "/attack", "--short", "--binary", MaserBinary.path, "--json", file],
            environment: ["TMPDIR": folder.path], seconds: 240)
        let said = "\(outcome.output)\(outcome.errors)"
        #expect(outcome.exitCode == 0, "\(said)")
        let written = FileManager.default.contents(atPath: file) ?? Data("[]".utf8)
        let rows = try #require(try JSONSerialization.jsonObject(with: written) as? [[String: Any]])
        #expect(rows.count > 10, "\(said)")
        for row in rows where row["skipped"] == nil {
            #expect((row["wrong"] as? [String]) == [], "\(row)")
            #expect(row["polite_failures"] as? Int == 0, "\(row)")
            #expect((row["polite_gets"] as? Int ?? 0) > 0, "nobody polite was there: \(row)")
        }
    }
}
