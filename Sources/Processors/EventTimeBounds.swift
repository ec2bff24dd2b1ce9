/// Which event times are believed. A pane a century ahead would never be looked at, never expire, and hold back all that
/// waits for time to pass; so a record with such a time is malformed.
///
/// The measure is the record's own append time, not the clock of whoever processes it: the same record has the same
/// fate in a replay or a backfill years later.
package enum EventTimeBounds {
    /// 1900-01-01T00:00:00Z.
    static let earliest: Int64 = -2_208_988_800_000_000
    /// Timetables reach a year ahead, and a leap year is a year.
    package static let greatestLeadMicroseconds: Int64 = 366 * 86_400_000_000
    /// 10000-01-01T00:00:00Z: no time from here on can be written as RFC 3339.
    static let end: Int64 = 253_402_300_800_000_000

    /// Whether all are taken, of records that were appended from `first` to `last`: of nearly every batch they are, and no
    /// reason need be looked for.
    static func contain(_ eventTimes: [Int64], appendedFrom first: Int64, to last: Int64) -> Bool {
        guard !last.addingReportingOverflow(greatestLeadMicroseconds).overflow else { return false }
        var (least, greatest) = (Int64.max, Int64.min)
        for time in eventTimes {
            least = min(least, time)
            greatest = max(greatest, time)
        }
        return least >= earliest && greatest <= first + greatestLeadMicroseconds
    }

    /// Why a record is refused; nil for one that is taken. A record of a file has no append time.
    static func reason(against eventTime: Int64, appendedAt appendTime: Int64?) -> String? {
        if eventTime < earliest { return "the event time is before 1900" }
        guard let appendTime else { return eventTime < end ? nil : "the event time is after the year 9999" }
        if eventTime > appendTime.addingReportingOverflow(greatestLeadMicroseconds).partialValue {
            return "the event time is more than 366 days after the record was appended"
        }
        return nil
    }
}
