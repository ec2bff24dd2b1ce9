import Expressions
import Records
import Testing

@Suite struct PrintingTests {
    let names = ["delay", "year", "Two words", "case"]

    @Test(
        arguments: [
            (.arithmetic(.multiply, .arithmetic(.add, int(1), int(2)), int(3)), "(1 + 2) * 3"),
            (.arithmetic(.subtract, int(1), .arithmetic(.subtract, int(2), int(3))), "1 - (2 - 3)"),
            (.arithmetic(.add, int(1), .arithmetic(.multiply, int(2), int(3))), "1 + 2 * 3"),
            (.arithmetic(.subtract, int(1), int(-2)), "1 - -2"),
            (.negate(int(-2)), "-(-2)"),
            (.negate(.column(0, .int64)), "-delay"),
            (.not(.and(bool(true), .column(0, .bool))), "NOT (TRUE AND delay)"),
            (.or(.and(bool(true), bool(false)), bool(nil)), "TRUE AND FALSE OR CAST(NULL AS BOOL)"),
            (.and(.or(bool(true), bool(false)), bool(true)), "(TRUE OR FALSE) AND TRUE"),
            (.not(.isNull(.column(1, .int64))), "year IS NOT NULL"),
            (.comparison(.equal, .comparison(.less, int(1), int(2)), bool(true)), "(1 < 2) = TRUE"),
            (.comparison(.notEqual, .column(2, .string), text("it's")), "\"Two words\" <> 'it''s'"),
            (.column(3, .int64), "\"case\""),
            (.cast(double(1), to: .string), "CAST(1.0 AS STRING)"),
            (.literal(.bytes([0, 0xab]), .bytes), "X'00ab'"),
            (double(.infinity), "CAST('Infinity' AS DOUBLE)"),
            (time(0), "TIMESTAMP '1970-01-01T00:00:00Z'"),
            (call(.like, text("a"), text("b%"), type: .bool), "'a' LIKE 'b%'"),
            (
                call(.extract, text("YEAR"), time(0), type: .int64),
                "EXTRACT(YEAR FROM TIMESTAMP '1970-01-01T00:00:00Z')"
            ),
            (call(.truncate, text("DAY"), time(0)), "DATE_TRUNC('DAY', TIMESTAMP '1970-01-01T00:00:00Z')"),
            (
                .caseWhen([.init(condition: bool(true), result: int(1))], otherwise: int(2), .int64),
                "CASE WHEN TRUE THEN 1 ELSE 2 END"
            ),
        ] as [(Expression, String)])
    func expressionsReadAsTheyWouldBeWritten(_ expression: Expression, _ sql: String) {
        #expect(expression.sql(names: names) == sql)
    }
}
