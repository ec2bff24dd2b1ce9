internal import NIOCore

/// How long to wait before the next try: longer each time, and never the same for everybody.
struct Backoff: Sendable {
    var first: TimeAmount
    var greatest: TimeAmount

    /// `jitter` is between 0 and 1: half of the delay is certain, the other half is up to it.
    func delay(afterFailures failures: Int, jitter: Double) -> TimeAmount {
        let doubled = first.nanoseconds << min(max(failures - 1, 0), 20)
        let delay = Double(min(doubled, greatest.nanoseconds))
        return .nanoseconds(Int64(delay / 2 + delay / 2 * jitter))
    }
}
