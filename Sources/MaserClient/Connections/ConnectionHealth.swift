internal import NIOCore

/// How a client finds out that a connection is dead though nobody closed it: the machine behind it is gone, or a firewall
/// between forgot it.
///
/// Where nothing comes from the server for a while, it is pinged; where that is not answered either, the connection is
/// dropped, its calls go over another one, and it is made anew.
public struct HealthChecks: Hashable, Sendable {
    /// A connection without calls is pinged after so long a silence.
    public var idle: Duration
    /// One whose calls wait for answers is pinged after so long a silence.
    public var silence: Duration
    /// So much longer nothing may come before it is dropped.
    public var patience: Duration

    public init(
        idle: Duration = .seconds(15), silence: Duration = .seconds(1), patience: Duration = .seconds(2)
    ) {
        self.idle = idle
        self.silence = silence
        self.patience = patience
    }

    /// How often it is looked at all connections.
    var interval: TimeAmount {
        let shortest = TimeAmount(min(idle, silence, patience))
        return max(.milliseconds(5), min(.nanoseconds(shortest.nanoseconds / 2), .seconds(1)))
    }
}

/// What is known of one connection's health, and what follows from it.
struct ConnectionHealth: Sendable {
    enum Action: Hashable { case nothing, ping, drop }

    private var received: UInt64
    private var heard: NIODeadline
    private var pinged: NIODeadline?

    init(now: NIODeadline, received: UInt64) {
        heard = now
        self.received = received
    }

    /// `isSending`: so much is on its way out that a ping would wait behind it.
    mutating func check(
        _ checks: HealthChecks, now: NIODeadline, received: UInt64, isBusy: Bool, isSending: Bool
    ) -> Action {
        if received != self.received {
            self.received = received
            heard = now
            pinged = nil
            return .nothing
        }
        if isSending {
            pinged = nil
            return now - heard >= Self.longestSending ? .drop : .nothing
        }
        if let pinged { return now - pinged >= TimeAmount(checks.patience) ? .drop : .nothing }
        guard now - heard >= TimeAmount(isBusy ? checks.silence : checks.idle) else { return .nothing }
        pinged = now
        return .ping
    }

    /// A frame of the greatest size takes no longer on any line that is worth having.
    private static let longestSending = TimeAmount.seconds(120)
}
