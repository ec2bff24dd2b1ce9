import Records

/// What EXTRACT takes out of a TIMESTAMP, and what DATE_TRUNC cuts one down to. All of it is UTC.
package enum TimePart: String, Hashable, Sendable, CaseIterable {
    case year = "YEAR"
    case quarter = "QUARTER"
    case month = "MONTH"
    /// Of ISO 8601: weeks begin on Monday, and week 1 has the year's first Thursday.
    case week = "WEEK"
    /// Of the month.
    case day = "DAY"
    /// 0 for Sunday to 6 for Saturday.
    case dayOfWeek = "DOW"
    /// 1...366
    case dayOfYear = "DOY"
    case hour = "HOUR"
    case minute = "MINUTE"
    case second = "SECOND"
    /// Whole seconds since 1970.
    case epoch = "EPOCH"

    /// Whether it divides time, so that DATE_TRUNC can cut down to it.
    package var isTruncatable: Bool {
        switch self {
        case .dayOfWeek, .dayOfYear, .epoch: false
        default: true
        }
    }

    func extract(from microseconds: Int64) -> Int64 {
        let seconds = floorDivide(microseconds, Timestamp.microsecondsPerSecond)
        let days = floorDivide(microseconds, Timestamp.microsecondsPerDay)
        let secondOfDay = seconds - days * 86_400
        switch self {
        case .year: return Timestamp.civil(ofDay: days).year
        case .quarter: return (Timestamp.civil(ofDay: days).month + 2) / 3
        case .month: return Timestamp.civil(ofDay: days).month
        case .week:
            let thursday = Self.monday(of: days) + 3
            return Self.dayOfYear(thursday) / 7 + 1
        case .day: return Timestamp.civil(ofDay: days).day
        case .dayOfWeek: return days + 4 - floorDivide(days + 4, 7) * 7
        case .dayOfYear: return Self.dayOfYear(days) + 1
        case .hour: return secondOfDay / 3_600
        case .minute: return secondOfDay / 60 % 60
        case .second: return secondOfDay % 60
        case .epoch: return seconds
        }
    }

    /// nil where the start lies before the first TIMESTAMP that there is.
    func truncate(_ microseconds: Int64) -> Int64? {
        let days = floorDivide(microseconds, Timestamp.microsecondsPerDay)
        switch self {
        case .hour: return Self.cut(microseconds, 3_600 * Timestamp.microsecondsPerSecond)
        case .minute: return Self.cut(microseconds, 60 * Timestamp.microsecondsPerSecond)
        case .second: return Self.cut(microseconds, Timestamp.microsecondsPerSecond)
        case .day: return Self.midnight(days)
        case .week: return Self.midnight(Self.monday(of: days))
        case .year, .quarter, .month:
            let (year, month, _) = Timestamp.civil(ofDay: days)
            let first = self == .year ? 1 : self == .quarter ? month - (month - 1) % 3 : month
            return Self.midnight(Timestamp.day(ofYear: year, month: first, day: 1))
        case .dayOfWeek, .dayOfYear, .epoch: return nil
        }
    }

    private static func cut(_ microseconds: Int64, _ width: Int64) -> Int64? {
        let (start, overflows) = floorDivide(microseconds, width).multipliedReportingOverflow(by: width)
        return overflows ? nil : start
    }

    private static func midnight(_ days: Int64) -> Int64? {
        let (start, overflows) = days.multipliedReportingOverflow(by: Timestamp.microsecondsPerDay)
        return overflows ? nil : start
    }

    /// 1970-01-01 was a Thursday.
    private static func monday(of days: Int64) -> Int64 { floorDivide(days + 3, 7) * 7 - 3 }

    /// 0 for the 1st of January.
    private static func dayOfYear(_ days: Int64) -> Int64 {
        days - Timestamp.day(ofYear: Timestamp.civil(ofDay: days).year, month: 1, day: 1)
    }
}

/// Towards negative infinity; the divisor is positive.
@inline(__always)
private func floorDivide(_ dividend: Int64, _ divisor: Int64) -> Int64 {
    let quotient = dividend / divisor
    return dividend % divisor < 0 ? quotient - 1 : quotient
}
