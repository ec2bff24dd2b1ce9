internal import ArgumentParser
internal import Foundation
internal import Records

/// An argument that has a form of its own.
protocol WrittenArgument: ExpressibleByArgument {
    /// What to write.
    static var form: String { get }
}

extension WrittenArgument {
    /// For `@Option(transform:)`: the library's own message says only that a value is invalid.
    static func read(_ text: String) throws -> Self {
        guard let value = Self(argument: text) else { throw ValidationError("write \(form)") }
        return value
    }
}

/// A length of time as a person writes it: `90s`, `15 min`, `24h`, `7 days`.
struct TimeSpan: WrittenArgument {
    static let form = "a number and a unit from ms to weeks, such as 90min, 24h or \"7 days\""

    var microseconds: Int64

    private static let units: [(names: Set<String>, microseconds: Double)] = [
        (["ms", "millisecond", "milliseconds"], 1e3),
        (["s", "sec", "second", "seconds"], 1e6),
        (["m", "min", "minute", "minutes"], 60e6),
        (["h", "hour", "hours"], 3600e6),
        (["d", "day", "days"], 86_400e6),
        (["w", "week", "weeks"], 604_800e6),
    ]

    init?(argument: String) {
        let text = argument.lowercased().filter { !$0.isWhitespace }
        let digits = text.prefix { $0.isNumber || $0 == "." }
        guard let count = Double(digits),
            let unit = Self.units.first(where: { $0.names.contains(String(text.dropFirst(digits.count))) }),
            let microseconds = Int64(exactly: (count * unit.microseconds).rounded())
        else { return nil }
        self.microseconds = microseconds
    }
}

/// A moment: RFC 3339, or a date, which is its midnight in UTC.
struct Moment: WrittenArgument {
    static let form = "a date or a time with its offset or Z, such as 2026-07-04 or 2026-07-04T12:00:00Z"

    var microseconds: Int64

    init?(argument: String) {
        guard let microseconds = Timestamp.parse(argument) else { return nil }
        self.microseconds = microseconds
    }

    init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    static var now: Moment { Moment(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) }
}
