import Bytes
import Catalog
import Foundation
import Records
import Tables
import Testing

@testable import BulkLoad

/// Any table that is loaded as a batch is the table that the same rows make as a stream: its rows, and the states behind them.
@Suite struct BatchEqualsStreamTests {
    @Test(arguments: 0..<24) func aLoadMakesTheTableThatAStreamOfTheSameRowsMakes(seed: Int) throws {
        var random = RandomApp(seed: UInt64(seed))
        let (sql, aggregates) = random.statement()
        let records = random.records(600)
        let streamed = try StreamedTable(sql, shardCount: 8)
        try streamed.stream(records)
        let loaded = try StreamedTable(sql, shardCount: 8)
        let fixture = try LoadFixture()
        // Cut into files, the later of which win, and sorted in little memory.
        let cuts = [0] + (0..<2).map { _ in Int.random(in: 0...600, using: &random.generator) }.sorted() + [600]
        let paths = try zip(cuts, cuts.dropFirst()).enumerated().filter { $1.0 < $1.1 }.map {
            try fixture.file("\($0).jsonl", records[$1.0..<$1.1].joined(separator: "\n"))
        }
        let built = try VersionBuilder(
            descriptor: loaded.descriptor, sources: try SourceFiles(paths), folder: fixture.work,
            memoryBytes: [4 << 10, 64 << 10, 8 << 20][seed % 3], fileBytes: 4 << 10
        ).build()
        try loaded.take(built)
        #expect(try loaded.rows() == streamed.rows(), "\(sql)")
        // What decides between upserts says where a row came from, which is not the same.
        if aggregates { #expect(try loaded.states() == streamed.states(), "\(sql)") }
        #expect(Int(built.manifest.rows) == (try streamed.states().count))
        #expect(built.manifest.duplicates >= 0)
        #expect(loaded.tables.undecodableOperands == 0)
    }

    @Test func rowsFromACutByTimeOnAreLeftToTheCategoryAndCounted() throws {
        let sql = """
            CREATE APPLICATION a; CREATE CATEGORY c BUCKETS 1 FORMAT JSON;
            CREATE INPUT TABLE c (at TIMESTAMP, k STRING, x INT64) FROM CATEGORY 'c' TIME at;
            CREATE TABLE t AS SELECT k, COUNT(*) AS n, SUM(x) AS total FROM c GROUP BY k;
            """
        let fixture = try LoadFixture()
        let days = (1...9).map { #"{"at":"2020-01-0\#($0)","k":"a","x":\#($0)}"# }
        let path = try fixture.file("rows.jsonl", days.joined(separator: "\n"))
        let loaded = try StreamedTable(sql, shardCount: 4)
        let cut = try #require(Timestamp.parse("2020-01-05"))
        let built = try VersionBuilder(
            descriptor: loaded.descriptor, sources: try SourceFiles([path]), cut: .eventTime(cut),
            folder: fixture.work
        ).build()
        #expect(built.manifest.leftOut == 5)
        #expect(built.manifest.duplicates == 3)
        #expect(built.manifest.cut == .eventTime(cut))
        let streamed = try StreamedTable(sql, shardCount: 4)
        try streamed.stream(Array(days[..<4]))
        try loaded.take(built)
        #expect(try loaded.states() == streamed.states())
    }

    @Test func aRowThatTheTablesPlanCannotTakeIsNamed() throws {
        let sql = """
            CREATE APPLICATION a; CREATE CATEGORY c BUCKETS 1 FORMAT JSON;
            CREATE INPUT TABLE c (at TIMESTAMP, k STRING) FROM CATEGORY 'c' TIME at;
            CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM c GROUP BY k;
            """
        let fixture = try LoadFixture()
        let path = try fixture.file("rows.csv", "k,at\na,2020-01-01\nb,\n")
        let loaded = try StreamedTable(sql, shardCount: 4)
        let builder = VersionBuilder(
            descriptor: loaded.descriptor, sources: try SourceFiles([path]), folder: fixture.work)
        #expect {
            _ = try builder.build()
        } throws: { "\($0)" == "\(path):3: there is no event time" }
    }

    @Test func nullsAndDuplicatesAreCountedOfTheRowsThatStay() throws {
        let sql = """
            CREATE APPLICATION a; CREATE CATEGORY c BUCKETS 1 BY k FORMAT JSON;
            CREATE INPUT TABLE c (k INT64, x INT64, s STRING, gone BOOL) FROM CATEGORY 'c';
            CREATE TABLE t PRIMARY KEY (k) AS SELECT k, x, s FROM c DELETE WHERE gone;
            """
        let fixture = try LoadFixture()
        var text = "k,x,s,gone\n"
        for row in 0..<300 { text += "\(row % 200),\(row < 100 ? "1" : ""),\(row % 2 == 0 ? "" : "s"),\(row == 150)\n" }
        let path = try fixture.file("rows.csv", text)
        let expected = [LoadManifest.ColumnNulls(column: "x", count: 199), .init(column: "s", count: 99)]
        for memoryBytes in [2 << 10, 1 << 20] {
            try? FileManager.default.removeItem(atPath: fixture.work)
            let built = try VersionBuilder(
                descriptor: try StreamedTable(sql, shardCount: 4).descriptor, sources: try SourceFiles([path]),
                folder: fixture.work, memoryBytes: memoryBytes
            ).build()
            #expect(built.manifest.rows == 200)
            #expect(built.manifest.duplicates == 100)
            #expect(built.manifest.nulls == expected)
        }
    }
}

/// Statements and records that make the most of what can go wrong: few keys, equal times, NULLs, rows that come twice.
struct RandomApp {
    var generator: SeededNumbers

    init(seed: UInt64) {
        generator = SeededNumbers(seed: seed)
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }

    /// The SQL, and whether its table aggregates.
    mutating func statement() -> (String, aggregates: Bool) {
        let hasTime = chance(70)
        let filter = chance(40) ? " WHERE n IS NULL OR n <> 3" : ""
        let head = """
            CREATE APPLICATION a;
            CREATE CATEGORY c BUCKETS 1 BY k FORMAT JSON;
            CREATE INPUT TABLE c (at TIMESTAMP, k STRING, g INT64, n INT64, d DOUBLE, b BOOL, s STRING)
            FROM CATEGORY 'c'\(hasTime ? " TIME at" : "");

            """
        let keys = [["k"], ["g", "k"], ["k", "b"], ["g"]].randomElement(using: &generator) ?? ["k"]
        if chance(35) {
            let delete = chance(50) ? " DELETE WHERE b" : ""
            // Without event time the offset decides, which takes a category that is bucketed by the whole key.
            let key = hasTime ? keys.filter { $0 != "b" } : ["k"]
            let columns = (["n", "d", "s", "n + 1 AS more"] + (key.contains("g") ? [] : ["g"])).shuffled(
                using: &generator)
            return (
                head + "CREATE TABLE t PRIMARY KEY (\(key.joined(separator: ", "))) AS SELECT "
                    + (key + columns).joined(separator: ", ") + " FROM c\(filter)\(delete);", false
            )
        }
        var all = [
            "COUNT(*) AS c1", "COUNT(n) AS c2", "COUNT_IF(n > 2) AS c3", "SUM(n) AS c4", "SUM(d) AS c5", "AVG(d) AS c6",
            "VAR_POP(d) AS c7", "STDDEV_SAMP(d) AS c8", "MIN(s) AS c9", "MAX(d) AS c10", "MIN_BY(s, n) AS c11",
            "MAX_BY(n, d) AS c12", "BOOL_OR(b) AS c15", "BOOL_AND(b) AS c16", "SUM(d) / COUNT(*) AS c17",
        ]
        if hasTime { all += ["FIRST(n) AS c18", "LAST(s) AS c19", "LAST(d) AS c20"] }
        let columns = all.shuffled(using: &generator).prefix(Int.random(in: 1...7, using: &generator))
        let pane = hasTime && chance(50) ? " [1 HOUR]" : ""
        return (
            head + "CREATE TABLE t AS SELECT " + (keys + columns).joined(separator: ", ")
                + " FROM c\(pane)\(filter) GROUP BY "
                + keys.joined(separator: ", ") + ";", true
        )
    }

    mutating func records(_ count: Int) -> [String] {
        var records: [String] = []
        while records.count < count {
            if chance(5), let again = records.randomElement(using: &generator) {
                records.append(again)
                continue
            }
            var fields = [
                "\"at\":\"\(Timestamp.format(1_600_000_000_000_000 + Int64.random(in: 0..<40, using: &generator) * 600_000_000))\""
            ]
            func field(_ name: String, _ value: String) { fields.append("\"\(name)\":\(value)") }
            if chance(90) { field("k", "\"k\(Int.random(in: 0..<7, using: &generator))\"") }
            if chance(80) { field("g", "\(Int.random(in: -2..<3, using: &generator))") }
            if chance(75) { field("n", "\(Int.random(in: -3..<6, using: &generator))") }
            if chance(75) { field("d", "\(Double(Int.random(in: -40..<90, using: &generator)) / 7)") }
            if chance(60) { field("b", "\(chance(30))") }
            if chance(70) {
                field("s", "\"\(String(repeating: "s", count: Int.random(in: 0..<9, using: &generator)))\"")
            }
            records.append("{\(fields.joined(separator: ","))}")
        }
        return records
    }
}

/// SplitMix64: a test that fails does so again.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
