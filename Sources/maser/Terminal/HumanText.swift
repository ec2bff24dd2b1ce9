internal import Foundation
internal import Records

/// Numbers, times and values as a person wants to read them; `--json` has them exactly.
enum HumanText {
    /// Seven significant digits of a double; a time at midnight as its date. Both read back as keys.
    static func text(of value: Value) -> String {
        switch value {
        case .null: return "NULL"
        case .bool(let value): return value ? "true" : "false"
        case .int64(let value): return String(value)
        case .double(let value): return number(value)
        case .string(let value): return printable(value)
        case .bytes(let value): return bytes(value)
        case .timestamp(let value): return time(value)
        }
    }

    static func time(_ microseconds: Int64) -> String {
        let text = Timestamp.format(microseconds)
        return text.hasSuffix("T00:00:00Z") ? String(text.dropLast(10)) : text
    }

    /// When something happened, to the second.
    static func moment(_ microseconds: Int64) -> String {
        Timestamp.format(microseconds - microseconds % Timestamp.microsecondsPerSecond)
    }

    /// How long ago everything was applied that was appended until then; 0 is never.
    static func age(_ freshness: Int64, now: Int64 = Moment.now.microseconds) -> String {
        if freshness <= 0 { return "never" }
        let seconds = Double(now - freshness) / 1e6
        return seconds < 1 ? "now" : "\(self.seconds(seconds)) ago"
    }

    /// A length of time that somebody chose: `1 day`, `90 minutes`.
    static func span(_ microseconds: Int64) -> String {
        let units: [(name: String, microseconds: Int64)] = [
            ("day", 86_400_000_000), ("hour", 3_600_000_000), ("minute", 60_000_000), ("second", 1_000_000),
            ("millisecond", 1000),
        ]
        let unit = units.first { microseconds % $0.microseconds == 0 } ?? ("microsecond", 1)
        let count = microseconds / unit.microseconds
        return "\(count) \(unit.name)\(count == 1 ? "" : "s")"
    }

    static func number(_ value: Double) -> String {
        let magnitude = value.magnitude
        if value == value.rounded(), magnitude < 1e15 { return String(format: "%.0f", value) }
        // An exponent only where there would be a row of zeros.
        guard magnitude >= 1e7, magnitude < 1e15 else { return String(format: "%.7g", value) }
        return String(format: "%.1f", value)
    }

    /// 336776 is 336,776.
    static func count(_ value: some BinaryInteger) -> String {
        var text = ""
        for (index, digit) in String(value.magnitude).reversed().enumerated() {
            if index > 0, index % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return (value < 0 ? "-" : "") + String(text.reversed())
    }

    static func bytes(_ count: some BinaryInteger) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var value = Double(count)
        var unit = 0
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return String(format: unit == 0 ? "%.0f " : "%.1f ", value) + units[unit]
    }

    static func seconds(_ value: Double) -> String {
        switch value {
        case ..<0.001: String(format: "%.0f us", value * 1e6)
        case ..<1: String(format: "%.1f ms", value * 1e3)
        case ..<120: String(format: "%.1f s", value)
        case ..<7200: String(format: "%.0f min", value / 60)
        default: String(format: "%.1f h", value / 3600)
        }
    }

    /// Text as it is where it is text, else hexadecimal.
    static func bytes(_ value: [UInt8]) -> String {
        if let text = String(validating: value, as: UTF8.self) { return printable(text) }
        return "0x" + value.map { String(format: "%02x", $0) }.joined()
    }

    /// On one line, and unable to command the terminal.
    static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return text }
        return text.unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : String(scalar)
        }.joined()
    }
}
