internal import Catalog
internal import NIOCore
internal import RPC
internal import Synchronization
internal import Tables

/// Lookups that wait for positions to be applied: answered as soon as these are published, or refused when their time is over. Nothing
/// is blocked meanwhile.
///
/// Whoever publishes positions only rings; who can be answered is found out on an event loop, once for all that was published.
final class WaitingLookups: Sendable {
    /// Of all connections together: each holds a copy of its request and a timer.
    static let greatestCount = 4096
    /// Of those copies.
    static let greatestBytes = 64 << 20
    /// For requests without a deadline.
    static let defaultPatience = TimeAmount.seconds(10)

    /// A request that has to wait, and what becomes of it then, from any thread.
    struct Lookup: Sendable {
        let goals: AppliedGoals
        /// Of the request that it keeps.
        let bytes: Int
        /// `.distantFuture` for none.
        let deadline: NIODeadline
        /// Whether somebody may still read the answer.
        let isWanted: @Sendable () -> Bool
        let answer: @Sendable () -> Void
        let refuse: @Sendable (RPCError) -> Void
    }

    private struct Waiter {
        let lookup: Lookup
        let timeout: Scheduled<Void>
    }

    /// How long at most until somebody hears of what nothing rings for: a version was switched or dropped, a connection was closed.
    private static let pulse = TimeAmount.milliseconds(100)

    private struct State {
        var waiters: [UInt64: Waiter] = [:]
        var bytes = 0
        var isPulsing = false
        var nextID: UInt64 = 0
        var isClosed = false
    }

    private let greatestCount: Int
    private let engine: Engine
    private let eventLoop: any EventLoop
    private let count = Atomic(0)
    private let isLooking = Atomic(false)
    private let state = Mutex(State())

    init(_ engine: Engine, on eventLoop: any EventLoop, greatestCount: Int = WaitingLookups.greatestCount) {
        self.greatestCount = greatestCount
        self.engine = engine
        self.eventLoop = eventLoop
        engine.tables.onPositions { [weak self] in self?.ring() }
    }

    /// Refuses all that wait, and lets nobody wait any more.
    func close() {
        engine.tables.onPositions(nil)
        let waiters = state.withLock { state in
            defer { state = State(isClosed: true) }
            return state.waiters.values
        }
        count.store(0, ordering: .relaxed)
        for waiter in waiters {
            waiter.timeout.cancel()
            waiter.lookup.refuse(RPCError(.unavailable))
        }
    }

    func add(_ lookup: Lookup) {
        let deadline = lookup.deadline == .distantFuture ? .now() + Self.defaultPatience : lookup.deadline
        let refusal: RPCError? = state.withLock { state in
            if state.isClosed { return RPCError(.unavailable) }
            guard state.waiters.count < greatestCount else {
                return RPCError(
                    .overloaded,
                    "\(greatestCount) requests wait for positions already, which is the limit; try again later")
            }
            guard state.bytes + lookup.bytes <= Self.greatestBytes else {
                return RPCError(
                    .overloaded,
                    "requests that wait for positions hold \(Self.greatestBytes >> 20) MiB already, which is the limit; try again "
                        + "later, or ask for fewer keys at once")
            }
            state.bytes += lookup.bytes
            let id = state.nextID
            state.nextID += 1
            let timeout = eventLoop.scheduleTask(deadline: deadline) { [weak self] in self?.expire(id) ?? () }
            state.waiters[id] = Waiter(lookup: lookup, timeout: timeout)
            count.wrappingAdd(1, ordering: .sequentiallyConsistent)
            return nil
        }
        if let refusal { return lookup.refuse(refusal) }
        pulse()
        // What was published between the look that found it missing and the wait has rung for nobody.
        ring()
    }

    /// Something may have changed. Costs next to nothing where nobody waits, and little where somebody looks already.
    func ring() {
        guard count.load(ordering: .sequentiallyConsistent) > 0,
            !isLooking.exchange(true, ordering: .sequentiallyConsistent)
        else { return }
        eventLoop.execute { self.look() }
    }

    private func pulse() {
        let begins = state.withLock { state in
            defer { state.isPulsing = !state.waiters.isEmpty }
            return !state.waiters.isEmpty && !state.isPulsing
        }
        guard begins else { return }
        eventLoop.scheduleTask(in: Self.pulse) {
            self.state.withLock { $0.isPulsing = false }
            self.look()
            self.pulse()
        }
    }

    private func look() {
        // Before looking: what is published from here on rings again.
        isLooking.store(false, ordering: .sequentiallyConsistent)
        let snapshot = engine.catalog.snapshot
        let ended = state.withLock { state in
            let ended = state.waiters.filter { _, waiter in
                !waiter.lookup.isWanted() || waiter.lookup.goals.areMet(in: snapshot, engine.gauge)
            }
            for (id, waiter) in ended {
                state.waiters[id] = nil
                state.bytes -= waiter.lookup.bytes
            }
            return ended
        }
        count.wrappingSubtract(ended.count, ordering: .relaxed)
        for waiter in ended.values {
            waiter.timeout.cancel()
            if waiter.lookup.isWanted() { waiter.lookup.answer() }
        }
    }

    private func expire(_ id: UInt64) {
        let expired = state.withLock { state in
            let waiter = state.waiters.removeValue(forKey: id)
            state.bytes -= waiter?.lookup.bytes ?? 0
            return waiter
        }
        guard let waiter = expired else { return }
        count.wrappingSubtract(1, ordering: .relaxed)
        guard let unmet = waiter.lookup.goals.unmet(in: engine.catalog.snapshot, engine.gauge) else {
            return waiter.lookup.answer()
        }
        waiter.lookup.refuse(RPCError(.deadlineExceeded, unmet))
    }
}
