/// A length of time as a person writes it: `90s`, `15 min`, `24h`, `7 days`. In microseconds everywhere else.
package enum TimeLength {
    /// What to write.
    package static let form = "a number and a unit from ms to weeks, such as 90min, 24h or \"7 days\""

    private static let units: [(names: [String], microseconds: Double)] = [
        (["ms", "millisecond", "milliseconds"], 1e3),
        (["s", "sec", "second", "seconds"], 1e6),
        (["min", "m", "minute", "minutes"], 60e6),
        (["h", "hour", "hours"], 3600e6),
        (["d", "day", "days"], 86_400e6),
        (["w", "week", "weeks"], 604_800e6),
    ]

    /// nil for what is none.
    package static func parse(_ text: String) -> Int64? {
        let text = text.lowercased().filter { !$0.isWhitespace }
        let digits = text.prefix { $0.isNumber || $0 == "." }
        guard let count = Double(digits),
            let unit = units.first(where: { $0.names.contains(String(text.dropFirst(digits.count))) })
        else { return nil }
        return Int64(exactly: (count * unit.microseconds).rounded())
    }

    /// In the unit that fits, up to days, with one digit behind the point.
    package static func text(_ microseconds: Int64) -> String {
        let length = Double(microseconds)
        let unit = units.dropLast().last { length >= $0.microseconds } ?? units[0]
        let tenths = (length / unit.microseconds * 10).rounded()
        let isWhole = tenths.truncatingRemainder(dividingBy: 10) == 0
        return "\(isWhole ? "\(Int64(tenths / 10))" : "\(tenths / 10)") \(unit.names[0])"
    }
}
