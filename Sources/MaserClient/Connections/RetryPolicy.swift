internal import NIOCore
internal import RPC

/// Whether a request that failed is sent again, and when.
struct RetryPolicy: Sendable {
    var backoff = Backoff(first: .milliseconds(10), greatest: .milliseconds(500))

    enum Decision: Equatable {
        /// `costs`: it is paid from the retry budget.
        case retry(after: TimeAmount, costs: Bool)
        case fail
    }

    func decide(
        _ error: RPCError, _ kind: RequestKind, attempt: Int, timeLeft: TimeAmount, jitter: Double
    ) -> Decision {
        guard attempt < kind.greatestAttempts, mayRepeat(error, kind) else { return .fail }
        let delay = backoff.delay(afterFailures: attempt, jitter: jitter)
        return delay < timeLeft ? .retry(after: delay, costs: costs(error, attempt)) : .fail
    }

    /// Whether it is one more for a server that has too much to do already.
    private func costs(_ error: RPCError, _ attempt: Int) -> Bool {
        switch error.code {
        // The server had no work with it, and the pool minds how often it is tried.
        case .connectionFailed: false
        // Whoever wants to wait has said so.
        case .stale: false
        // However many calls were under way when a server stopped, each is to find the next one.
        case .connectionLost, .unavailable: attempt > 1
        default: true
        }
    }

    private func mayRepeat(_ error: RPCError, _ kind: RequestKind) -> Bool {
        switch kind.repetition {
        case .harmless where error.code == .stale: kind.waitsUntilFresh
        case .harmless: error.isRetriable && error.code != .deadlineExceeded
        // Only after an error that says that nothing was done.
        case .harmful: error.isRetriable && error.code != .deadlineExceeded && !error.mayHaveBeenDone
        // Whatever may pass, and whatever leaves open whether it landed.
        case .numbered: (error.isRetriable || error.mayHaveBeenDone) && error.code != .cancelled
        }
    }

    /// Until when one sending of a numbered request waits for its answer: a connection may be gone without a word.
    func attemptDeadline(now: NIODeadline, deadline: NIODeadline) -> NIODeadline {
        let share = TimeAmount.nanoseconds((deadline - now).nanoseconds / Self.attemptsAtLeast)
        return min(deadline, now + max(share, Self.leastAttempt))
    }

    private static let attemptsAtLeast: Int64 = 3
    private static let leastAttempt = TimeAmount.seconds(1)
}

/// What it would mean to send a request again.
struct RequestKind: Sendable {
    enum Repetition: Sendable {
        /// Doing it twice is the same as once.
        case harmless
        /// Doing it twice is not.
        case harmful
        /// It has a number, so that the server does it once however often it comes: an append.
        case numbered
    }

    var repetition: Repetition
    var greatestAttempts = Int.max
    /// An answer that would be older than asked for is waited for.
    var waitsUntilFresh = false

    static let read = RequestKind(repetition: .harmless)
    static let append = RequestKind(repetition: .numbered)
    /// Control operations have minutes; a person wants to hear sooner that the server is not there.
    static func control(isIdempotent: Bool) -> RequestKind {
        RequestKind(repetition: isIdempotent ? .harmless : .harmful, greatestAttempts: 10)
    }
}
