/// Decides when the requests that have gathered are sent, so that many leave in one write.
///
/// Whoever submits the first wakes the event loop, and that loop sends what there is: mostly one request, for the loop gets to
/// run before the next task does. But where many answers came together, their tasks ask again together. So for a moment after
/// that the loop is left asleep until as many requests are there as there were answers. The moment is short, and the
/// wait ends as soon as a moment brings none.
struct FlushGate: Sendable {
    /// Fewer answers at once than these are nothing to wait for.
    static let leastAnswers = 4
    /// How long it waits for the next requests.
    static let moment: Int64 = 40_000  // nanoseconds
    /// So much is sent at once, whatever may come.
    static let greatestBytes = 32 << 10

    /// Whether the loop was woken, or is about to look anyway.
    private var isScheduled = false
    /// Requests that are still waited for.
    private var expected = 0
    /// Requests since the last look.
    private var arrived = 0

    /// A request has gone to the outgoing bytes. true: the caller wakes the loop.
    mutating func submitted(bytes: Int) -> Bool {
        arrived += 1
        if isScheduled { return false }
        if expected > 1 && bytes < Self.greatestBytes {
            expected -= 1
            return false
        }
        expected = 0
        isScheduled = true
        return true
    }

    enum Delivery: Hashable {
        case nothing
        /// Send what there is.
        case flush
        /// Look again after a moment.
        case wait
    }

    /// Answers were found; those who wait for them go on now.
    mutating func delivered(_ answers: Int, bytes: Int) -> Delivery {
        if answers >= Self.leastAnswers && !isScheduled {
            let isWaiting = expected > 0
            expected = answers
            arrived = 0
            return isWaiting ? .nothing : .wait
        }
        guard bytes > 0, !isScheduled, expected == 0 else { return .nothing }
        return .flush
    }

    /// The moment is over.
    mutating func elapsed(bytes: Int) -> (flush: Bool, wait: Bool) {
        guard expected > 0 else { return (false, false) }
        if arrived == 0 { expected = 0 }
        arrived = 0
        return (bytes > 0 && !isScheduled, expected > 0)
    }

    /// The outgoing bytes were taken.
    mutating func flushed() {
        isScheduled = false
    }
}
