internal import NIOCore

/// What keeps a client's retries from making a server's trouble worse.
///
/// A retry is paid for: every call brings a fifth of one, time brings ten a second, and no more is kept than what fifty
/// retries cost. While little fails, all that fails is tried again; while everything fails, a server gets a fifth more work
/// than was asked of it, and not ten times as much.
struct RetryBudget: Sendable {
    private static let perCall = 0.2
    private static let perSecond = 10.0
    private static let most = 50.0

    private var balance = most
    private var looked: NIODeadline

    init(now: NIODeadline) {
        looked = now
    }

    mutating func called() {
        balance = min(Self.most, balance + Self.perCall)
    }

    /// Whether it was enough for one retry.
    mutating func pay(now: NIODeadline) -> Bool {
        let seconds = Double((now - looked).nanoseconds) / 1e9
        looked = now
        balance = min(Self.most, balance + max(0, seconds) * Self.perSecond)
        guard balance >= 1 else { return false }
        balance -= 1
        return true
    }
}
