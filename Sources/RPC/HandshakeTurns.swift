internal import NIOCore

/// When the handshakes of one event loop get on.
///
/// A handshake costs a thousand times what a lookup does. However many there are, they get one half of the loop's time, in
/// turns of a moment, and the connections that stand have the other half.
final class HandshakeTurns: @unchecked Sendable {
    // Everything but the event loop is touched on that loop only.
    private static let turnNanoseconds: Int64 = 1_000_000

    private let eventLoop: any EventLoop
    private let now: @Sendable () -> NIODeadline
    private var waiting = CircularBuffer<() -> Void>()
    private var isScheduled = false
    /// Time that handshakes have had and not yet given back, as it stood at `asOf`.
    private var debt: Int64 = 0
    private var asOf: NIODeadline

    init(_ eventLoop: any EventLoop, now: @escaping @Sendable () -> NIODeadline = { .now() }) {
        self.eventLoop = eventLoop
        self.now = now
        asOf = now()
    }

    var waitingCount: Int { waiting.count }

    /// Runs `step` at once where nobody waits and the loop owes nothing, else in its turn.
    func take(_ step: @escaping () -> Void) {
        settle()
        if waiting.isEmpty && debt < Self.turnNanoseconds {
            run(step)
        } else {
            waiting.append(step)
            schedule()
        }
    }

    private func run(_ step: () -> Void) {
        let start = now()
        step()
        asOf = now()
        debt += (asOf - start).nanoseconds
    }

    /// Every moment without handshakes pays for as much of them.
    private func settle() {
        let now = now()
        debt = max(0, debt - (now - asOf).nanoseconds)
        asOf = now
    }

    private func schedule() {
        guard !isScheduled else { return }
        isScheduled = true
        // Not executed at once: a loop runs what it is given to execute until nothing is left, and reads no socket before.
        eventLoop.scheduleTask(in: .nanoseconds(max(debt, Self.turnNanoseconds / 2))) {
            self.isScheduled = false
            self.takeTurn()
        }
    }

    private func takeTurn() {
        settle()
        while debt < Self.turnNanoseconds, let step = waiting.popFirst() { run(step) }
        if !waiting.isEmpty { schedule() }
    }
}
