/// Where what a batch holds ends, and a category's records go on.
package enum Cut: Codable, Hashable, Sendable {
    /// The batch holds each bucket's records before these offsets; of a bucket beyond them it holds none.
    case positions(category: UInt32, offsets: [Int64])
    /// The batch holds every record before this event time and none from it on: microseconds since 1970.
    case eventTime(Int64)
    /// The batch holds nothing of what the category still has.
    case earliest
    /// Records that are there when the batch is adopted count no more: the batch stands in their place.
    case replace
}

extension Cut {
    /// Before it, records do not count for the version; nil where all do.
    package var eventTime: Int64? {
        if case .eventTime(let time) = self { time } else { nil }
    }
}

/// What a load was compared with before it served.
package struct VersionCheck: Codable, Hashable, Sendable {
    package enum Subject: Codable, Hashable, Sendable {
        case rows
        case bytes
        /// The share of a column's values that are NULL.
        case nulls(column: String)
    }

    package var subject: Subject
    /// Of the version that served then.
    package var former: Double
    package var found: Double
    /// The least ratio to the former for rows and bytes; the greatest rise for NULLs.
    package var limit: Double
    package var isPassed: Bool

    package init(subject: Subject, former: Double, found: Double, limit: Double, isPassed: Bool) {
        self.subject = subject
        self.former = former
        self.found = found
        self.limit = limit
        self.isPassed = isPassed
    }
}
