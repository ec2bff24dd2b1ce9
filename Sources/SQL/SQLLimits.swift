/// What a file of SQL may have at most.
enum SQLLimits {
    static let fileBytes = 1 << 20
    /// How deep expressions nest. The catalog's JSON nests up to five times as deep, and its decoder stops at 512; with
    /// it every walk over an expression fits any stack.
    static let expressionDepth = 96
    static let nameBytes = 128
    static let buckets = 4096
    /// Of one query: each is a lookup for every record.
    static let joins = 16
    /// Of a table or an input table.
    static let columns = 1000
    /// A century of 365-day years, for every duration.
    static let durationMicroseconds: Int64 = 36_500 * 86_400_000_000
    static let checkpointMilliseconds = 1...3_600_000
}
