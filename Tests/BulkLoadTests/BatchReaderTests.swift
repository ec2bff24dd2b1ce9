import BulkLoad
import Catalog
import Foundation
import Records
import SQL
import Tables
import Testing

@Suite("Apps run over files of every format")
struct BatchReaderTests {
    private static let sql = """
        CREATE APPLICATION rows;
        CREATE CATEGORY rows BUCKETS 1 FORMAT JSON;
        CREATE INPUT TABLE rows (id INT64, name STRING, score DOUBLE, seen TIMESTAMP AS SECONDS)
            FROM CATEGORY 'rows' TIME seen;
        CREATE TABLE by_name AS
        SELECT name, COUNT(*) AS count, SUM(score) AS score, LAST(id) AS last_id FROM rows [1 MINUTE]
        WHERE name IS NOT NULL GROUP BY name;
        """

    let fixture: LoadFixture

    init() throws {
        fixture = try LoadFixture()
    }

    /// What make.py wrote into rows.parquet and rows.orc.
    private static var lines: String {
        (0..<3000).map { row in
            let name = row % 7 == 3 ? "null" : "\"name \(row % 50)\""
            return #"{"id": \#(row), "name": \#(name), "score": \#(Double(row) / 4), "seen": \#(row)}"# + "\n"
        }.joined()
    }

    /// The rows of the app's table, keys and messages, and how many records there were.
    private func run(_ path: String, sql: String = sql) throws -> (rows: [[UInt8]], records: Int) {
        let snapshot = CatalogSnapshot(shardCount: 1)
        let deployment = try plan(try parse(sql, file: "test.sql"), against: snapshot, now: 0)
        let app = try #require(deployment.app)
        let results = try BatchTables(deployment.tables, folder: "\(fixture.folder)/\(UUID().uuidString)")
        let reader = try BatchReader(
            inputs: app.inputTables, tables: deployment.tables, joined: JoinedTables(), partials: results.add)
        let source = BatchSource(path: path, inputs: Set(app.inputTables.map(\.name)), number: 0)
        let records = try reader.read(source) { place, reason in Issue.record("\(place): \(reason)") }
        try reader.finish()
        var rows: [[UInt8]] = []
        try results.rows(of: try #require(deployment.tables.first)) { rows.append([UInt8]($0) + [UInt8]($1)) }
        return (rows, records)
    }

    @Test("the columns of Parquet and ORC files give what lines of JSON give", .arrow)
    func columnar() throws {
        let expected = try run(try fixture.file("rows.jsonl", Self.lines))
        #expect(expected.records == 3000 && expected.rows.count > 1000)
        for file in ["rows.parquet", "rows.orc"] {
            let read = try run(vector(file))
            #expect(read.records == 3000)
            #expect(read.rows == expected.rows, "\(file)")
        }
    }

    @Test("a column that the input table lacks is said in one line", .arrow)
    func missingColumn() throws {
        let other = Self.sql.replacingOccurrences(of: "score DOUBLE", with: "age INT64, score DOUBLE")
        let path = vector("rows.parquet")
        #expect {
            _ = try run(path, sql: other)
        } throws: {
            "\($0)" == "\(path): the file names no column age; it has id, name, score, seen"
        }
    }

    @Test("lines are read through compression")
    func compressed() throws {
        let read = try run(
            vector("rows.jsonl.zst"),
            sql: """
                CREATE APPLICATION names;
                CREATE CATEGORY names BUCKETS 1 BY name FORMAT JSON;
                CREATE INPUT TABLE names (id INT64, name STRING) FROM CATEGORY 'names';
                CREATE TABLE named PRIMARY KEY (name) AS SELECT name, id FROM names;
                """)
        #expect(read.records == 200 && read.rows.count == 200)
    }
}
