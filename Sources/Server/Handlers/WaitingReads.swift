internal import Categories
internal import NIOCore
internal import RPC
internal import Synchronization

/// Reads that stand at the end of their bucket: answered when it grows, or empty when their patience ends.
final class WaitingReads: Sendable {
    fileprivate struct Waiter {
        let read: CategoryRead
        let category: String
        let access: Access
        let responder: Responder
        let timeout: Scheduled<Void>
    }

    private struct State {
        var waiters: [UInt64: Waiter] = [:]
        var nextID: UInt64 = 0
        var listener: ListenerToken?
        var isClosed = false
    }

    private let categories: CategoryStore
    private let eventLoop: any EventLoop
    private let pool: WorkPool
    private let state = Mutex(State())

    /// Of all connections together: each holds memory and a timer.
    private static let greatestCount = 16_384

    init(_ categories: CategoryStore, on eventLoop: any EventLoop, answeringOn pool: WorkPool) {
        self.categories = categories
        self.pool = pool
        self.eventLoop = eventLoop
        // The listener runs on the log's writer, which must not be held up: answering is the loop's work.
        let listener = categories.addListener { [weak self] in
            guard let self, self.state.withLock({ !$0.waiters.isEmpty }) else { return }
            self.eventLoop.execute { self.answerReady() }
        }
        state.withLock { $0.listener = listener }
    }

    /// Answers those that wait, and lets nobody wait any more; has no effect the second time.
    func close() {
        let (listener, waiters) = state.withLock { state in
            defer { state = State(isClosed: true) }
            return (state.listener, state.waiters)
        }
        if let listener { categories.removeListener(listener) }
        for waiter in waiters.values { answer(waiter) }
    }

    func add(
        _ read: CategoryRead, of category: String, by access: Access, _ responder: Responder,
        until deadline: NIODeadline
    ) {
        let waits = state.withLock { state -> Bool? in
            if state.isClosed { return false }
            guard state.waiters.count < Self.greatestCount else { return nil }
            let id = state.nextID
            state.nextID += 1
            let timeout = eventLoop.scheduleTask(deadline: deadline) { [weak self] in self?.expire(id) ?? () }
            state.waiters[id] = Waiter(
                read: read, category: category, access: access, responder: responder, timeout: timeout)
            return true
        }
        guard let waits else {
            return responder.fail(
                RPCError(
                    .overloaded,
                    "\(Self.greatestCount) reads wait for records already, which is the limit; try again later"))
        }
        guard waits else {
            return answer(read, responder)
        }
        // A record that came between the look at the end and the wait woke nobody.
        if isReady(read) { eventLoop.execute { self.answerReady() } }
    }

    private func isReady(_ read: CategoryRead) -> Bool {
        categories.end(category: read.category, bucket: read.bucket) > read.offset
    }

    private func expire(_ id: UInt64) {
        if let waiter = state.withLock({ $0.waiters.removeValue(forKey: id) }) { answer(waiter) }
    }

    private func answerReady() {
        let ready = state.withLock { state in
            let ready = state.waiters.filter { isReady($0.value.read) }
            for id in ready.keys { state.waiters[id] = nil }
            return ready
        }
        for waiter in ready.values { answer(waiter) }
    }

    /// Whoever may read the category no longer learns that now, and not when its next record comes.
    func recheckAccess() {
        let refused = state.withLock { state in
            let refused = state.waiters.filter { !$0.value.isAllowed }
            for id in refused.keys { state.waiters[id] = nil }
            return refused
        }
        for waiter in refused.values { answer(waiter) }
    }

    private func answer(_ waiter: Waiter) {
        waiter.timeout.cancel()
        // The grants may be others than those it began to wait with.
        guard waiter.isAllowed else {
            return waiter.responder.fail(RPCError.forbidden(waiter.access.caller, .read, .category(waiter.category)))
        }
        answer(waiter.read, waiter.responder)
    }

    private func answer(_ read: CategoryRead, _ responder: Responder) {
        pool.submit(responder) { [categories] in
            responder.answer { writer throws(RPCError) in try read.answer(from: categories, into: &writer) }
        }
    }
}

extension WaitingReads.Waiter {
    fileprivate var isAllowed: Bool { access.allows(.read, on: .category(category)) }
}
