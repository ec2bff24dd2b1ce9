internal import NIOCore
internal import RPC

/// Whether a request that failed is sent again.
struct RetryPolicy: Sendable {
    var backoff = Backoff(first: .milliseconds(10), greatest: .milliseconds(500))
    var greatestAttempts = 10

    enum Decision: Equatable {
        case retry(after: TimeAmount)
        case fail
    }

    /// `isIdempotent`: whether doing it twice is the same as once. What is not is repeated only after an error that says
    /// that nothing was done.
    func decide(
        _ error: RPCError, isIdempotent: Bool, attempt: Int, timeLeft: TimeAmount, jitter: Double
    ) -> Decision {
        guard error.isRetriable, error.code != .deadlineExceeded, attempt < greatestAttempts else { return .fail }
        guard isIdempotent || !error.mayHaveBeenDone else { return .fail }
        let delay = backoff.delay(afterFailures: attempt, jitter: jitter)
        return delay < timeLeft ? .retry(after: delay) : .fail
    }

    /// Of an append that has a number, so that it lands once: whatever may pass, and whatever leaves open whether it landed, is
    /// tried again while there is time.
    func decideAppend(_ error: RPCError, attempt: Int, timeLeft: TimeAmount, jitter: Double) -> Decision {
        guard error.isRetriable || error.mayHaveBeenDone, error.code != .cancelled else { return .fail }
        let delay = backoff.delay(afterFailures: attempt, jitter: jitter)
        return delay < timeLeft ? .retry(after: delay) : .fail
    }

    /// Until when one sending of such an append waits for its answer: a connection may be gone without a word.
    func attemptDeadline(now: NIODeadline, deadline: NIODeadline) -> NIODeadline {
        let share = TimeAmount.nanoseconds((deadline - now).nanoseconds / Self.attemptsAtLeast)
        return min(deadline, now + max(share, Self.leastAttempt))
    }

    private static let attemptsAtLeast: Int64 = 3
    private static let leastAttempt = TimeAmount.seconds(1)
}
