import Catalog
import Fuzzing
import SQL
import Testing

/// tools/fuzz runs this for longer.
@Suite struct SQLFuzzTests {
    private static let words = [
        "SELECT ", "CREATE TABLE ", "CREATE INPUT TABLE ", "CREATE CATEGORY ", " GROUP BY ", " AS ", " FROM ",
        " WHERE ",
        " JOIN ", " ON ", "(", ")", "[1 DAY]", "[", "]", ",", ";", "'", "\"", "''", "*", " NULL ", " NOT ", " IN (",
        " LIKE '%'",
        " BETWEEN ", " CASE WHEN ", " END", " CAST(", " AS INT64)", "99999999999999999999", "1e999", "0x", "X'f'", "--",
        "/*",
        "*/", " INTERVAL ", " COUNT(*)", "SUM(", "APPROX_TOP_K(", "HISTOGRAM(", " FILTER (WHERE ", " LIFETIME 1 DAY ",
        " OPTIONS (", " RETAIN 7 DAYS", " BUCKETS 0", "\u{0}", "\u{feff}", "ﬁ", "e\u{301}", "\r\n",
    ]

    @Test func anyTextIsPlannedOrRefusedWhereItIsWrong() throws {
        let corpus = try [Array(RobustnessTests.valid.utf8)] + Corpus.load("sql")
        let fuzzer = Fuzzer(
            "sql", corpus: corpus, dictionary: Self.words.map { Array($0.utf8) }, greatestBytes: 16384, rounds: 250)
        try fuzzer.run { input, _ in
            let text = String(decoding: input, as: UTF8.self)
            let lines = 1 + text.utf8.reduce(0) { $0 + ($1 == 0x0a ? 1 : 0) }
            var isAccepted = false
            for catalog in RobustnessTests.catalogs {
                do {
                    let script = try parse(text, file: "fuzz.sql")
                    isAccepted = true
                    let deployment = try plan(script, against: catalog, now: 0)
                    // What was planned can be put into the catalog, and changes nothing when it comes again.
                    var after = catalog
                    for category in deployment.categories { try after.put(category) }
                    for table in deployment.tables { try after.put(table) }
                    if let app = deployment.app { try after.put(app) }
                    let again = try plan(script, against: after, now: 1)
                    try hold(again.changes.isEmpty, "deployed again it changes \(again.changes)")
                } catch let error as SQLError {
                    try hold((1...lines + 1).contains(error.line), "line \(error.line) of \(lines)")
                    try hold(error.column >= 1, "column \(error.column)")
                    try hold(!error.message.isEmpty, "it does not say why")
                    try hold(error.description.utf8.count < 8192, "it says \(error.description.utf8.count) bytes")
                }
            }
            return isAccepted
        }
    }
}
