import Expressions
import SQL
import Testing

/// What is printed reads back as the same.
@Suite struct RoundTripTests {
    static let names = ["k", "n", "d", "s", "b", "y", "t"]

    @Test(arguments: [
        "n + d * 2 - (n - 3)", "-n - -5 - (-9223372036854775808)", "- -n", "-(-5)", "d / n / 2", "d / (n / 2)",
        "n % 3 * 2",
        "n * (n % 3)", "t + INTERVAL 1 HOUR", "t - TIMESTAMP '2013-01-01T00:00:00.5Z'",
        "n = 1 OR d >= 2 AND NOT b OR (b AND n < 3)", "(b OR n = 1) AND b", "NOT (b AND b)", "NOT b AND b",
        "(n = 1) = b",
        "b = (n IS NULL)", "(n = 1) IS NULL", "n = 1 IS NULL", "b IS NOT TRUE", "NOT (b IS FALSE)", "(b OR b) IS NULL",
        "n BETWEEN 1 AND 2 AND b", "n NOT BETWEEN d AND 2", "s IN ('a', 'it''s')", "n NOT IN (1, 2.5, NULL)",
        "(n IN (1, 2)) = b", "s LIKE 'a\\%%'", "NOT s LIKE '_'", "n IS DISTINCT FROM d",
        "CASE WHEN b THEN 1 WHEN n > 0 THEN 2.5 END + 1", "CASE n WHEN 1 THEN 'one' ELSE NULL END || s",
        "CAST(CAST(n AS STRING) AS DOUBLE)", "CAST('NaN' AS DOUBLE)", "CAST(NULL AS BYTES)", "y || X'00ff'",
        "EXTRACT(DOW FROM DATE_TRUNC('week', t))", "SUBSTR(s, 2, 3) || REPLACE(s, 'a', '')", "COALESCE(n, d, 0)",
        "ROUND(d, 2) + ROUND(d) + ROUND(n)", "IF(b, s, NULL)", "MOD(n, 7)", "POW(d, 0.5)", "1e300 * 1e-300 + 5e-324",
    ])
    func printedExpressionsReadBack(_ text: String) throws {
        let expression = try #require(try values(of: [text]).first)
        let printed = expression.sql(names: Self.names)
        #expect(try values(of: [printed]).first == expression, "\(printed)")
    }

    @Test func namesThatNeedQuotesGetThem() {
        for name in ["case", "Two words", "a\"b", "9lives", "", "not", "é"] {
            #expect(quoted(identifier: name).hasPrefix("\""))
        }
        for name in ["year", "day", "key", "table", "_x9"] { #expect(quoted(identifier: name) == name) }
    }
}
