internal import NIOCore
internal import RPC
internal import Synchronization

/// The connections that all calls of a client share. They are made when needed, and again when they were lost.
final class ConnectionPool: Sendable {
    private let dialer: RPCDialer
    private let core: Mutex<Core>

    private struct Core {
        var state: PoolState<ClientConnection>
        var waiters: [CheckedContinuation<Void, Never>] = []
        var lastFailure: RPCError?
    }

    init(_ dialer: RPCDialer, size: Int) {
        self.dialer = dialer
        let backoff = Backoff(first: .milliseconds(10), greatest: .seconds(2))
        core = Mutex(Core(state: PoolState(size: size, backoff: backoff)))
    }

    /// An open connection, made if need be before `deadline`.
    func connection(deadline: NIODeadline) async throws(RPCError) -> ClientConnection {
        while true {
            let acquisition = core.withLock { $0.state.acquire(now: .now()) }
            switch acquisition {
            case .use(let connection, let other):
                if let other { Task { try? await connect(other, deadline: .now() + Self.connectTimeout) } }
                return connection
            case .connect(let place): return try await connect(place, deadline: deadline)
            case .waitForConnection: try await waitForConnection()
            case .waitUntil(let time, let error):
                guard time < deadline else { throw error }
                try? await Task.sleep(nanoseconds: UInt64(max(0, (time - .now()).nanoseconds)))
            case .closed: throw RPCError(.unavailable, "the client was closed")
            }
            if Task.isCancelled { throw RPCError(.cancelled) }
        }
    }

    private func connect(_ place: Int, deadline: NIODeadline) async throws(RPCError) -> ClientConnection {
        let timeout = min(max(deadline - .now(), .milliseconds(1)), Self.connectTimeout)
        do throws(RPCError) {
            let connection = try await dialer.connect(timeout: timeout)
            let isWanted = settle { $0.connected(place, connection) }
            if !isWanted {
                connection.close()
                throw RPCError(.unavailable, "the client was closed")
            }
            return connection
        } catch {
            settle(failure: error) { $0.failed(place, error, now: .now(), jitter: .random(in: 0...1)) }
            throw error
        }
    }

    /// Notes how an attempt ended, and lets those go on who waited for it.
    private func settle<R: Sendable>(
        failure: RPCError? = nil, _ change: @Sendable (inout PoolState<ClientConnection>) -> R
    ) -> R {
        let (result, waiters) = core.withLock { core in
            core.lastFailure = failure
            defer { core.waiters = [] }
            return (change(&core.state), core.waiters)
        }
        for waiter in waiters { waiter.resume() }
        return result
    }

    /// Until the attempt in progress ends; throws as it did, where a retry would not help.
    private func waitForConnection() async throws(RPCError) {
        await withCheckedContinuation { continuation in
            let mustWait = core.withLock { core in
                // It may have ended since.
                let isConnecting = core.state.isConnecting
                if isConnecting { core.waiters.append(continuation) }
                return isConnecting
            }
            if !mustWait { continuation.resume() }
        }
        if let failure = core.withLock({ $0.lastFailure }), !failure.isRetriable { throw failure }
    }

    func close() {
        let (connections, waiters) = core.withLock { core in
            defer { core.waiters = [] }
            return (core.state.close(), core.waiters)
        }
        for connection in connections { connection.close() }
        for waiter in waiters { waiter.resume() }
    }

    private static let connectTimeout = TimeAmount.seconds(10)
}
