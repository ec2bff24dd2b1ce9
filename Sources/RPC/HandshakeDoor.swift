internal import NIOCore
internal import Synchronization

/// How many may be about to introduce themselves to a listener.
///
/// When it is full, whoever has had time enough makes room, the eldest first: an honest handshake takes milliseconds. While nobody
/// has, newcomers are refused. Those who are in are not affected by what goes on here.
final class HandshakeDoor: Sendable {
    struct Entrance {
        let id: ObjectIdentifier
        let since: NIODeadline
        /// Ends the connection; called on any thread.
        let evict: @Sendable () -> Void
    }

    enum Admission {
        case admitted
        case refused
    }

    fileprivate struct State {
        /// By their arrival; some have left since.
        var queue = CircularBuffer<Entrance>()
        var inside: Set<ObjectIdentifier> = []
    }

    private let limit: Int
    private let patience: TimeAmount
    private let state = Mutex(State())

    /// - Parameter patience: how long nobody has to make room.
    init(limit: Int, patience: TimeAmount) {
        self.limit = limit
        self.patience = patience
    }

    var count: Int { state.withLock { $0.inside.count } }

    func enter(_ entrance: Entrance) -> Admission {
        let (admission, evicted) = state.withLock { state -> (Admission, Entrance?) in
            var evicted: Entrance?
            if state.inside.count >= limit {
                state.forgetThoseWhoLeft()
                guard let eldest = state.queue.first, entrance.since - eldest.since >= patience else {
                    return (.refused, nil)
                }
                state.queue.removeFirst()
                state.inside.remove(eldest.id)
                evicted = eldest
            }
            state.queue.append(entrance)
            state.inside.insert(entrance.id)
            // Whoever leaves stands in the queue until it is looked at: not for ever, and not longer than there is room.
            if state.queue.count > 2 * limit { state.queue.removeAll { !state.inside.contains($0.id) } }
            return (.admitted, evicted)
        }
        evicted?.evict()
        return admission
    }

    /// It is through, or gone; nothing the second time.
    func leave(_ id: ObjectIdentifier) {
        state.withLock { _ = $0.inside.remove(id) }
    }
}

extension HandshakeDoor.State {
    fileprivate mutating func forgetThoseWhoLeft() {
        while let first = queue.first, !inside.contains(first.id) { queue.removeFirst() }
    }
}
