internal import Records

/// A value of a TIMESTAMP column: microseconds since 1970, UTC.
public struct Timestamp: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public var microseconds: Int64

    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// RFC 3339, such as `2013-01-01T05:15:00-05:00`, or a date alone, its midnight in UTC. nil for anything else.
    public init?(_ text: String) {
        guard let microseconds = Records.Timestamp.parse(text) else { return nil }
        self.init(microseconds: microseconds)
    }

    /// RFC 3339 in UTC.
    public var description: String { Records.Timestamp.format(microseconds) }

    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.microseconds < b.microseconds }

    public init(from decoder: any Decoder) throws {
        microseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(microseconds)
    }
}
