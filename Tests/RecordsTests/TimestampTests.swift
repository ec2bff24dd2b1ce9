import Records
import Testing

@Suite struct TimestampTests {
    @Test(
        arguments: [
            ("1970-01-01", 0), ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59.999999Z", -1),
            ("2013-01-01T05:15:00-05:00", 1_357_035_300_000_000), ("2013-01-01t10:15:00z", 1_357_035_300_000_000),
            ("2013-01-01 10:15:00.25+00:00", 1_357_035_300_250_000), ("2000-02-29", 951_782_400_000_000),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000_000), ("2016-12-31T18:59:60-05:00", 1_483_228_800_000_000),
            ("0001-01-01", -62_135_596_800_000_000), ("9999-12-31T23:59:59.9999999Z", 253_402_300_799_999_999),
            ("+012345-01-01", 327_403_382_400_000_000), ("-000001-01-01", -62_198_755_200_000_000),
        ] as [(String, Int64)])
    func whatRFC3339AllowsIsRead(text: String, microseconds: Int64) {
        #expect(Timestamp.parse(text) == microseconds)
    }

    @Test(arguments: [
        "", "2013", "2013-1-1", "2013-02-29", "1900-02-29", "2013-13-01", "2013-00-10", "2013-04-31",
        "2013-01-01T10:15:00", "2013-01-01T10:15Z", "2013-01-01T24:00:00Z", "2013-01-01T10:60:00Z",
        "2013-01-01T10:15:60Z", "2013-01-01T10:15:00.Z", "2013-01-01T10:15:00+0500", "2013-01-01T10:15:00+05",
        "2013-01-01T10:15:00Zjunk", "2013-01-01T10:15:00+24:00", " 2013-01-01", "13-01-01", "+999999-01-01",
        "+2013-01-01",
    ])
    func anythingElseIsNot(text: String) {
        #expect(Timestamp.parse(text) == nil)
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59.999999Z"), (1_250_000, "1970-01-01T00:00:01.250Z"),
            (253_402_300_800_000_000, "+010000-01-01T00:00:00Z"),
            (-62_167_219_200_000_001, "-000001-12-31T23:59:59.999999Z"),
            (.max, "+294247-01-10T04:00:54.775807Z"), (.min, "-290308-12-21T19:59:05.224192Z"),
        ] as [(Int64, String)])
    func whatIsWrittenReadsBackAsTheSame(microseconds: Int64, text: String) {
        #expect(Timestamp.format(microseconds) == text)
        #expect(Timestamp.parse(text) == microseconds)
    }

    @Test func everyDayOfFourCenturiesReadsBackAsTheSame() {
        for day in -100_000...146_097 {
            let (year, month, dayOfMonth) = Timestamp.civil(ofDay: Int64(day))
            #expect(Timestamp.day(ofYear: year, month: month, day: dayOfMonth) == Int64(day))
        }
    }

    @Test func numbersCountInTheirUnit() {
        let seconds: Int64 = 1_357_035_300
        #expect(Timestamp.convert(seconds, .seconds) == 1_357_035_300_000_000)
        #expect(Timestamp.convert(1_357_035_300.125, .seconds) == 1_357_035_300_125_000)
        let before: Int64 = -1
        #expect(Timestamp.convert(before, .nanoseconds) == -1)
        #expect(Timestamp.convert(Int64.max, .milliseconds) == nil)
        #expect(Timestamp.convert(Double.nan, .milliseconds) == nil)
        #expect(Timestamp.convert(1e300, .microseconds) == nil)
    }
}
