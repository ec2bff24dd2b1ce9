internal import Synchronization

/// The connections that a listener has, for counting and draining.
final class ConnectionSet: Sendable {
    private struct State {
        var connections: [ObjectIdentifier: ServerConnection] = [:]
        var waiters: [CheckedContinuation<Void, Never>] = []
        var isClosed = false
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    var count: Int { state.withLock { min($0.connections.count, limit) } }

    func all() -> [ServerConnection] { state.withLock { [ServerConnection]($0.connections.values) } }

    /// One that was accepted a moment ago and comes only now finds the door shut. Returns those that are in.
    func closeToNewOnes() -> [ServerConnection] {
        state.withLock { state in
            state.isClosed = true
            return [ServerConnection](state.connections.values)
        }
    }

    enum Admission {
        case admitted
        /// It is one too many, and stays until it has been told so.
        case refused(RPCError)
        /// Nobody has time to tell it.
        case closed(RPCError)

        var refusal: RPCError? {
            switch self {
            case .admitted: nil
            case .refused(let error), .closed(let error): error
            }
        }
    }

    func insert(_ connection: ServerConnection) -> Admission {
        state.withLock { state in
            guard !state.isClosed else { return .closed(RPCError(.unavailable, "the server is stopping")) }
            let count = state.connections.count
            let isOneTooMany = count >= limit
            let refusal = RPCError(
                .overloaded, "the server has \(limit) connections, which is its limit; try again later")
            if count >= limit + Self.toldWhy { return .closed(refusal) }
            state.connections[ObjectIdentifier(connection)] = connection
            return isOneTooMany ? .refused(refusal) : .admitted
        }
    }

    /// Connections beyond the limit that are told why at the same time. It costs a TLS handshake each.
    private static let toldWhy = 64

    func remove(_ connection: ServerConnection) {
        let waiters = state.withLock { state in
            state.connections[ObjectIdentifier(connection)] = nil
            guard state.connections.isEmpty else { return [CheckedContinuation<Void, Never>]() }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func waitUntilEmpty() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if !state.connections.isEmpty { state.waiters.append(continuation) }
                return state.connections.isEmpty
            }
            if isEmpty { continuation.resume() }
        }
    }
}
