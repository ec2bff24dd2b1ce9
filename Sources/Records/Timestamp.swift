// Times are read and written as RFC 3339 has them, in the proleptic Gregorian calendar. The conversions between days and
// dates are Howard Hinnant's (https://howardhinnant.github.io/date_algorithms.html).

/// Text of a TIMESTAMP, which counts microseconds since 1970 in UTC.
package enum Timestamp {
    package static let microsecondsPerSecond: Int64 = 1_000_000
    package static let microsecondsPerDay: Int64 = 86_400_000_000

    /// Reads `2013-01-01T05:15:00.25-05:00`, with `Z` or an offset, `T` or a space; or a date alone, its midnight in UTC.
    ///
    /// What is finer than a microsecond is cut off. 23:59:60 is the midnight that follows. Years beyond 9999 have a sign
    /// and six digits. nil for anything else; a time without an offset is somebody's guess and not read.
    package static func parse(_ text: UnsafeRawBufferPointer) -> Int64? {
        var reader = TimestampReader(text: text)
        return reader.read()
    }

    package static func parse(_ text: String) -> Int64? {
        var text = text
        return text.withUTF8 { parse(UnsafeRawBufferPointer($0)) }
    }

    /// RFC 3339 in UTC, with three or six digits of a fraction where there is one.
    package static func format(_ microseconds: Int64) -> String {
        let (date, time) = floorDivide(microseconds, microsecondsPerDay)
        let (year, month, day) = civil(ofDay: date)
        var text = ""
        text.reserveCapacity(32)
        if year < 0 || year > 9999 {
            text += year < 0 ? "-" : "+"
            appendDigits(year.magnitude, 6, to: &text)
        } else {
            appendDigits(year.magnitude, 4, to: &text)
        }
        text += "-"
        appendDigits(month.magnitude, 2, to: &text)
        text += "-"
        appendDigits(day.magnitude, 2, to: &text)
        let (seconds, fraction) = floorDivide(time, microsecondsPerSecond)
        for (separator, part) in [("T", seconds / 3600), (":", seconds / 60 % 60), (":", seconds % 60)] {
            text += separator
            appendDigits(part.magnitude, 2, to: &text)
        }
        if fraction != 0 {
            text += "."
            if fraction % 1000 == 0 {
                appendDigits((fraction / 1000).magnitude, 3, to: &text)
            } else {
                appendDigits(fraction.magnitude, 6, to: &text)
            }
        }
        return text + "Z"
    }

    /// A number that counts `unit`s since 1970; nil beyond the range of a TIMESTAMP.
    package static func convert(_ count: Int64, _ unit: TimeUnit) -> Int64? {
        let factor: Int64
        switch unit {
        case .seconds: factor = 1_000_000
        case .milliseconds: factor = 1000
        case .microseconds: return count
        case .nanoseconds: return floorDivide(count, 1000).quotient
        }
        let (product, overflow) = count.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }

    package static func convert(_ count: Double, _ unit: TimeUnit) -> Int64? {
        let microseconds =
            switch unit {
            case .seconds: count * 1_000_000
            case .milliseconds: count * 1000
            case .microseconds: count
            case .nanoseconds: count / 1000
            }
        return Int64(exactly: microseconds.rounded())
    }

    /// Days since 1970-01-01.
    package static func day(ofYear year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = floorDivide(shifted, 400).quotient
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    package static func civil(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let era = floorDivide(shifted, 146_097).quotient
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        )
    }

    static func floorDivide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func appendDigits(_ value: UInt64, _ width: Int, to text: inout String) {
        let digits = String(value)
        for _ in digits.utf8.count..<max(width, digits.utf8.count) { text += "0" }
        text += digits
    }
}

private struct TimestampReader {
    let text: UnsafeRawBufferPointer
    var position = 0

    init(text: UnsafeRawBufferPointer) {
        self.text = text
    }

    mutating func read() -> Int64? {
        guard let year = readYear(), take("-"), let month = digits(2), take("-"), let day = digits(2),
            (1...12).contains(month), day >= 1, day <= Self.days(of: month, in: year)
        else { return nil }
        let midnight = Timestamp.day(ofYear: year, month: month, day: day) * 86_400
        if position == text.count { return microseconds(midnight, 0) }
        guard take("T") || take("t") || take(" "), let hour = digits(2), take(":"), let minute = digits(2), take(":"),
            let second = digits(2), hour < 24, minute < 60, second <= 60, let fraction = readFraction(),
            let offset = readOffset(), position == text.count
        else { return nil }
        let minuteStart = midnight + hour * 3600 + minute * 60 - offset
        if second == 60 && Timestamp.floorDivide(minuteStart, 86_400).remainder != 86_340 { return nil }
        return microseconds(minuteStart + second, second == 60 ? 0 : fraction)
    }

    private func microseconds(_ seconds: Int64, _ fraction: Int64) -> Int64? {
        // Towards the past the seconds alone may just exceed the range, and the fraction bring them back.
        let (low, overflow) = (seconds + 1).multipliedReportingOverflow(by: Timestamp.microsecondsPerSecond)
        if overflow {
            let (exact, overflow) = seconds.multipliedReportingOverflow(by: Timestamp.microsecondsPerSecond)
            if overflow { return nil }
            let (sum, carry) = exact.addingReportingOverflow(fraction)
            return carry ? nil : sum
        }
        let (sum, borrow) = low.subtractingReportingOverflow(Timestamp.microsecondsPerSecond - fraction)
        return borrow ? nil : sum
    }

    private mutating func readYear() -> Int64? {
        if take("+") { return digits(6) }
        if take("-") { return digits(6).map { -$0 } }
        return digits(4)
    }

    /// Digits after the sixth are read and dropped.
    private mutating func readFraction() -> Int64? {
        guard take(".") else { return 0 }
        var value: Int64 = 0
        var count = 0
        while position < text.count, case let digit = text[position] &- UInt8(ascii: "0"), digit < 10 {
            if count < 6 { value = value * 10 + Int64(digit) }
            count += 1
            position += 1
        }
        if count == 0 { return nil }
        for _ in min(count, 6)..<6 { value *= 10 }
        return value
    }

    private mutating func readOffset() -> Int64? {
        if take("Z") || take("z") { return 0 }
        let isWest = take("-")
        guard isWest || take("+"), let hours = digits(2), take(":"), let minutes = digits(2), hours < 24, minutes < 60
        else { return nil }
        let seconds = hours * 3600 + minutes * 60
        return isWest ? -seconds : seconds
    }

    private mutating func digits(_ count: Int) -> Int64? {
        guard text.count - position >= count else { return nil }
        var value: Int64 = 0
        for _ in 0..<count {
            let digit = text[position] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value * 10 + Int64(digit)
            position += 1
        }
        return value
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private static func days(of month: Int64, in year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
