import Expressions
import Records
import Testing

@Suite struct TimeTests {
    private func extract(_ part: TimePart, _ moment: String) -> Value {
        value(call(.extract, text(part.rawValue), time(moment), type: .int64))
    }

    private func truncate(_ part: TimePart, _ moment: String) -> Value {
        value(call(.truncate, text(part.rawValue), time(moment), type: .timestamp))
    }

    @Test(
        arguments: [
            // Weeks and days of the week as Python's datetime has them.
            ("2013-01-01T05:15:42.5Z", [2013, 1, 1, 1, 1, 2, 1, 5, 15, 42]),
            ("2012-12-31T23:59:59.999999Z", [2012, 4, 12, 1, 31, 1, 366, 23, 59, 59]),
            ("2021-01-03T00:00:00Z", [2021, 1, 1, 53, 3, 0, 3, 0, 0, 0]),
            ("1969-12-31T23:59:59.999999Z", [1969, 4, 12, 1, 31, 3, 365, 23, 59, 59]),
            ("1900-02-28T12:00:00Z", [1900, 1, 2, 9, 28, 3, 59, 12, 0, 0]),
            ("2000-02-29T00:00:00Z", [2000, 1, 2, 9, 29, 2, 60, 0, 0, 0]),
            ("0001-01-01T00:00:00Z", [1, 1, 1, 1, 1, 1, 1, 0, 0, 0]),
        ] as [(String, [Int64])])
    func partsAreThoseOfTheProlepticGregorianCalendarInUTC(_ moment: String, _ expected: [Int64]) {
        let parts: [TimePart] = [
            .year, .quarter, .month, .week, .day, .dayOfWeek, .dayOfYear, .hour, .minute, .second,
        ]
        #expect(parts.map { extract($0, moment) } == expected.map { .int64($0) }, "\(moment)")
    }

    @Test func epochIsTheSecondThatATimeLiesIn() {
        #expect(extract(.epoch, "1970-01-01T00:00:01.9Z") == .int64(1))
        #expect(extract(.epoch, "1969-12-31T23:59:59.9Z") == .int64(-1))
    }

    @Test(arguments: [
        (TimePart.year, "2013-01-01T00:00:00Z"), (.quarter, "2013-07-01T00:00:00Z"), (.month, "2013-08-01T00:00:00Z"),
        (.week, "2013-08-12T00:00:00Z"), (.day, "2013-08-18T00:00:00Z"), (.hour, "2013-08-18T21:00:00Z"),
        (.minute, "2013-08-18T21:47:00Z"), (.second, "2013-08-18T21:47:33Z"),
    ])
    func truncationGoesToTheStartOfThePart(_ part: TimePart, _ start: String) throws {
        let expected = try #require(Timestamp.parse(start))
        #expect(truncate(part, "2013-08-18T21:47:33.123456Z") == .timestamp(expected))
        #expect(truncate(part, start) == .timestamp(expected))
    }

    @Test func truncationOfTimesBefore1970GoesBackwards() throws {
        #expect(truncate(.hour, "1969-12-31T23:30:00Z") == .timestamp(-3_600_000_000))
        #expect(truncate(.day, "1969-12-31T23:59:59.999999Z") == .timestamp(-86_400_000_000))
        #expect(truncate(.week, "1969-12-31T00:00:00Z") == .timestamp(-3 * 86_400_000_000))
    }

    @Test func aStartBeforeAllTimesIsNull() {
        for part in TimePart.allCases where part.isTruncatable {
            #expect(value(call(.truncate, text(part.rawValue), time(Int64.min), type: .timestamp)) == .null)
        }
        for part in TimePart.allCases {
            #expect(value(call(.extract, text(part.rawValue), time(Int64.min), type: .int64)) != .null)
            #expect(value(call(.extract, text(part.rawValue), time(Int64.max), type: .int64)) != .null)
        }
    }
}
