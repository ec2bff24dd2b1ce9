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

/// A length of time, such as `90s` or `7 days`.
struct TimeSpan: WrittenArgument {
    static var form: String { TimeLength.form }

    var microseconds: Int64

    init?(argument: String) {
        guard let microseconds = TimeLength.parse(argument) else { return nil }
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
