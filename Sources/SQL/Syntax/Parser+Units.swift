internal import Expressions
internal import Records

extension Parser {
    /// `n unit`, in microseconds.
    mutating func parseDuration(_ what: String) throws(SQLError) -> Int64 {
        let start = offset
        let number = try parseInteger(what, in: 1...Int.max)
        guard let unit = takeTimeUnit() else { throw unexpected(Self.timeUnits, hint: lengthHint) }
        return try duration(number, unit, at: start)
    }

    func duration(_ number: Int, _ unit: Int64, at start: Int) throws(SQLError) -> Int64 {
        let (microseconds, overflows) = Int64(number).multipliedReportingOverflow(by: unit)
        guard !overflows, microseconds <= SQLLimits.durationMicroseconds else {
            throw source.error(.meaning, at: start, "no duration in Maser is longer than a century")
        }
        return microseconds
    }

    /// A unit of fixed length in microseconds, in the singular or the plural.
    mutating func takeTimeUnit() -> Int64? {
        guard case .word(let text) = peek().kind else { return nil }
        var unit = text.uppercased()
        if unit.last == "S" { unit.removeLast() }
        guard let microseconds = Self.microseconds[unit] else { return nil }
        advance()
        return microseconds
    }

    static let timeUnits = ["MILLISECONDS", "SECONDS", "MINUTES", "HOURS", "DAYS"]

    private static let microseconds: [String: Int64] = [
        "MILLISECOND": 1_000, "SECOND": 1_000_000, "MINUTE": 60_000_000, "HOUR": 3_600_000_000, "DAY": 86_400_000_000,
    ]

    /// For a unit of time that is no fixed length.
    var lengthHint: String? {
        guard case .word(let text) = peek().kind else { return nil }
        switch text.uppercased() {
        case "WEEK", "WEEKS": return "a week is 7 DAYS"
        case "MONTH", "MONTHS", "YEAR", "YEARS": return "months and years differ in length; say it in DAYS"
        default: return nil
        }
    }

    /// A size in bytes, after its number.
    mutating func takeByteUnit() -> Int64? {
        guard case .word(let text) = peek().kind else { return nil }
        let exponents = ["BYTES": 0, "KIB": 10, "MIB": 20, "GIB": 30, "TIB": 40]
        guard let exponent = exponents[text.uppercased()] else { return nil }
        advance()
        return 1 << exponent
    }

    static let byteUnits = ["MIB", "GIB", "TIB"]

    mutating func parseType() throws(SQLError) -> ValueType {
        let names = ValueType.allCases.map(\.rawValue)
        guard case .word(let text) = peek().kind else {
            throw unexpected("a type", hint: "the types are \(names.joined(separator: ", "))")
        }
        if let type = ValueType(rawValue: text.uppercased()) {
            advance()
            return type
        }
        let hint =
            Self.foreignTypes[text.uppercased()].map { "Maser calls it \($0.rawValue)" }
            ?? Suggestion.hint(for: text, among: names, orAll: "the types are")
        throw source.error(.name, at: offset, "there is no type \(text)", hint: hint)
    }

    private static let foreignTypes: [String: ValueType] = [
        "INT": .int64, "INTEGER": .int64, "BIGINT": .int64, "SMALLINT": .int64, "INT32": .int64, "LONG": .int64,
        "FLOAT": .double, "FLOAT64": .double, "REAL": .double, "NUMERIC": .double, "DECIMAL": .double,
        "TEXT": .string, "VARCHAR": .string, "CHAR": .string, "BOOLEAN": .bool, "BYTEA": .bytes, "BLOB": .bytes,
        "BINARY": .bytes, "VARBINARY": .bytes, "DATE": .timestamp, "DATETIME": .timestamp, "TIMESTAMPTZ": .timestamp,
    ]
}
