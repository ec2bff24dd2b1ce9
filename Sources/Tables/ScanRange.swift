internal import Bytes

/// Which rows of a table a scan asks for.
package struct ScanRange: Hashable, Sendable {
    /// Encoded leading key columns; empty for the whole table.
    package var prefix: [UInt8]
    /// Encoded key columns that follow the prefix; inclusive.
    package var from: [UInt8]?
    /// Likewise; exclusive: rows whose columns begin with these are not in the range.
    package var to: [UInt8]?
    package var isReversed: Bool
    /// Rows in one page; 0 for the store's own limit, which is also the greatest.
    package var limit: Int
    /// From the page before; empty to begin.
    package var continuation: [UInt8]
    /// A pin; nil: the version that the continuation names, else the one that serves.
    package var version: UInt32?
    /// States as they are stored, in place of presented columns.
    package var isRaw: Bool

    package init(
        prefix: [UInt8] = [], from: [UInt8]? = nil, to: [UInt8]? = nil, isReversed: Bool = false, limit: Int = 0,
        continuation: [UInt8] = [], version: UInt32? = nil, isRaw: Bool = false
    ) {
        self.prefix = prefix
        self.from = from
        self.to = to
        self.isReversed = isReversed
        self.limit = limit
        self.continuation = continuation
        self.version = version
        self.isRaw = isRaw
    }
}

/// The tuples between two bounds. Encoded tuples order as bytes do, so bounds are bytes.
struct TupleBounds {
    /// Inclusive.
    var lower: [UInt8]
    /// Exclusive; nil: to the end of the table.
    var upper: [UInt8]?

    var isEmpty: Bool {
        guard let upper else { return false }
        return !lower.lexicographicallyPrecedes(upper)
    }

    init(_ range: ScanRange) {
        lower = range.prefix + (range.from ?? [])
        if let to = range.to {
            upper = range.prefix + to
        } else {
            upper = range.prefix.isEmpty ? nil : TupleBounds.end(of: range.prefix)
        }
    }

    /// What follows every tuple that begins with the columns of `prefix`, and nothing else: no element begins with
    /// 0xFF. The next greater bytes of the same length would not do: a string that goes on with a zero byte begins with
    /// all the bytes of the shorter one.
    static func end(of prefix: [UInt8]) -> [UInt8] {
        prefix + [0xff]
    }

    func contains(_ tuple: [UInt8]) -> Bool {
        if tuple.lexicographicallyPrecedes(lower) { return false }
        guard let upper else { return true }
        return tuple.lexicographicallyPrecedes(upper)
    }

    /// The bounds of what a scan has left after `tuple`.
    mutating func resume(after tuple: [UInt8], isReversed: Bool) {
        if isReversed { upper = tuple } else { lower = tuple + [0] }
    }
}
