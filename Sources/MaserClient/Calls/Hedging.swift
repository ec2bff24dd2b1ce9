/// A second request for a read that is slow to be answered, over another connection: the first answer counts.
///
/// It cuts the slowest answers, where a server has other work on one connection, for a few requests more. Only gets, folds
/// and pages of scans are hedged, never a read that waits for positions.
public struct Hedging: Hashable, Sendable {
    public enum Delay: Hashable, Sendable {
        /// As long as 95 of 100 of the last reads of the same kind took. Nothing is hedged before it is known.
        case percentile95
        case fixed(Duration)
    }

    /// How long an answer may take before the second request is sent.
    public var delay: Delay
    /// Of all reads, so many are sent twice at most; the rest just waits.
    public var greatestShare: Double

    public init(delay: Delay = .percentile95, greatestShare: Double = 0.05) {
        self.delay = delay
        self.greatestShare = min(1, max(0, greatestShare))
    }
}
