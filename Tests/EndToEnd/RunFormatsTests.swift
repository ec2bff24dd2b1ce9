import Foundation
import Testing

/// `maser run` over files that are not lines of text as they stand.
@Suite struct RunFormatsTests {
    private static let app = """
        CREATE APPLICATION rows;
        CREATE CATEGORY rows BUCKETS 1 FORMAT JSON;
        CREATE INPUT TABLE rows (id INT64, name STRING, score DOUBLE, seen TIMESTAMP AS SECONDS)
            FROM CATEGORY 'rows' TIME seen;
        CREATE TABLE by_name AS
        SELECT name, COUNT(*) AS rows, SUM(score) AS score, LAST(id) AS last_id FROM rows [1 MINUTE]
        WHERE name IS NOT NULL GROUP BY name;
        """

    private let folder: TemporaryFolder
    private let sql: String

    init() throws {
        folder = try TemporaryFolder()
        sql = try folder.write("rows.sql", Self.app)
    }

    private static func vector(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("BulkLoadTests/vectors/\(name)").path
    }

    /// What `vectors/make.py` wrote into rows.parquet and rows.orc.
    private static var lines: String {
        (0..<3000).map { row in
            let name = row % 7 == 3 ? "null" : "\"name \(row % 50)\""
            return #"{"id": \#(row), "name": \#(name), "score": \#(Double(row) / 4), "seen": \#(row)}"# + "\n"
        }.joined()
    }

    private func rows(_ inputs: String..., table: String = "by_name") throws -> MaserBinary.Outcome {
        try MaserBinary.run(["run", sql, "--table", table, "--input"] + inputs, input: "")
    }

    @Test(arguments: ["rows.parquet", "rows.orc"])
    func filesOfColumnsGiveTheRowsThatLinesGive(file: String) throws {
        let read = try rows(Self.vector(file))
        if read.errors.contains("built without Arrow") {
            #expect(read.exitCode == 1 && read.errors.contains("run tools/setup"))
            return
        }
        let expected = try rows(try folder.write("rows.jsonl", Self.lines))
        #expect(expected.exitCode == 0 && expected.lines.count > 1000)
        #expect(read.exitCode == 0)
        #expect(read.lines == expected.lines)
    }

    @Test func aColumnThatTheInputTableLacksIsSaidInOneLine() throws {
        let other = try folder.write("other.sql", Self.app.replacing("score DOUBLE", with: "age INT64, score DOUBLE"))
        let outcome = try MaserBinary.run(["run", other, "--input", Self.vector("rows.parquet")], input: "")
        #expect(outcome.exitCode == 1)
        #expect(
            outcome.errors.contains("rows.parquet: the file names no column age; it has id, name, score, seen")
                || outcome.errors.contains("built without Arrow"))
    }

    @Test func linesAreReadThroughCompression() throws {
        let sql = try folder.write(
            "names.sql",
            """
            CREATE APPLICATION names;
            CREATE CATEGORY names BUCKETS 1 BY name FORMAT JSON;
            CREATE INPUT TABLE names (id INT64, name STRING) FROM CATEGORY 'names';
            CREATE TABLE named PRIMARY KEY (name) AS SELECT name, id FROM names;
            """)
        let outcome = try MaserBinary.run(["run", sql, "--input", Self.vector("rows.jsonl.zst")], input: "")
        #expect(outcome.exitCode == 0)
        #expect(outcome.lines.count == 200)
    }
}
