internal import NIOCore
internal import RPC
internal import Synchronization

/// The connections that all calls of a client share. They are made when needed, and again when they were lost.
final class ConnectionPool: Sendable {
    private let dialer: RPCDialer
    private let group: any EventLoopGroup
    private let healthChecks: HealthChecks
    private let core: Mutex<Core>

    private struct Core {
        var state: PoolState<ClientConnection>
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter: UInt64 = 0
        var lastFailure: RPCError?
        var checkups: RepeatedTask?
    }

    /// `least` of `size` connections are made at once, the others when there is use for them.
    init(_ dialer: RPCDialer, size: Int, least: Int, healthChecks: HealthChecks, group: any EventLoopGroup) {
        self.dialer = dialer
        self.group = group
        self.healthChecks = healthChecks
        let state = PoolState<ClientConnection>(
            size: size, least: least, backoff: Backoff(first: .milliseconds(10), greatest: .seconds(2)),
            healthChecks: healthChecks, seed: .random(in: .min ... .max))
        core = Mutex(Core(state: state))
    }

    /// An open connection, made if need be before `deadline`.
    func connection(deadline: NIODeadline) async throws(RPCError) -> ClientConnection {
        while true {
            let acquisition = core.withLock { $0.state.acquire(now: .now()) }
            switch acquisition {
            case .use(let connection, let place):
                if let place { makeAhead(place) }
                return connection
            case .connect(let place): return try await connect(place, deadline: deadline)
            case .waitForConnection: try await waitForConnection(deadline: deadline)
            case .waitUntil(let time, let error):
                guard time < deadline else { throw error }
                try? await Task.sleep(nanoseconds: UInt64(max(0, (time - .now()).nanoseconds)))
            case .closed: throw Self.closed
            }
            if Task.isCancelled { throw RPCError(.cancelled) }
            if deadline <= .now() { throw RPCError(.deadlineExceeded, "no connection to the server in time") }
        }
    }

    /// Another open connection, where there is one.
    func other(than connection: ClientConnection) -> ClientConnection? {
        core.withLock { $0.state.other(than: connection) }
    }

    // MARK: Making connections

    private func makeAhead(_ place: Int) {
        Task { try? await connect(place, deadline: .now() + Self.connectTimeout) }
    }

    private func connect(_ place: Int, deadline: NIODeadline) async throws(RPCError) -> ClientConnection {
        let timeout = min(max(deadline - .now(), .milliseconds(1)), Self.connectTimeout)
        do throws(RPCError) {
            let connection = try await dialer.connect(timeout: timeout)
            let isWanted = settle { $0.connected(place, connection, now: .now()) }
            if !isWanted {
                connection.close()
                throw Self.closed
            }
            beginCheckups(on: connection.eventLoop)
            return connection
        } catch {
            settle(failure: error) { $0.failed(place, error, now: .now(), jitter: .random(in: 0...1)) }
            throw error
        }
    }

    /// Notes how an attempt ended, and lets those go on who waited for it.
    @discardableResult
    private func settle<R: Sendable>(
        failure: RPCError? = nil, _ change: @Sendable (inout PoolState<ClientConnection>) -> R
    ) -> R {
        let (result, waiters) = core.withLock { core in
            core.lastFailure = failure
            defer { core.waiters = [:] }
            return (change(&core.state), core.waiters)
        }
        for waiter in waiters.values { waiter.resume() }
        return result
    }

    /// Until the attempt in progress ends, or the deadline comes; throws as the attempt did, where a retry would not help.
    private func waitForConnection(deadline: NIODeadline) async throws(RPCError) {
        let id = core.withLock { core in
            core.nextWaiter += 1
            return core.nextWaiter
        }
        let timer = group.next().scheduleTask(deadline: deadline) { self.wake(id) }
        defer { timer.cancel() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = core.withLock { core in
                    // The attempt may have ended since.
                    guard core.state.isConnecting, deadline > .now() else { return false }
                    core.waiters[id] = continuation
                    return true
                }
                if !mustWait { continuation.resume() } else if Task.isCancelled { wake(id) }
            }
        } onCancel: {
            wake(id)
        }
        if let failure = core.withLock({ $0.lastFailure }), !failure.isRetriable { throw failure }
    }

    private func wake(_ id: UInt64) {
        core.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
    }

    // MARK: Health

    /// They end with the pool: a client that nobody holds any more is not kept alive by them.
    private func beginCheckups(on eventLoop: any EventLoop) {
        core.withLock { core in
            guard core.checkups == nil else { return }
            core.checkups = eventLoop.scheduleRepeatedTask(
                initialDelay: healthChecks.interval, delay: healthChecks.interval
            ) { [weak self] task in
                if let self { self.checkUp() } else { task.cancel() }
            }
        }
    }

    private func checkUp() {
        let checkup = core.withLock { $0.state.checkUp(now: .now()) }
        for connection in checkup.pings {
            // Whatever comes shows that it lives.
            let isHeard: PendingRequest.Completion = { _ in }
            connection.send(.ping, deadline: .now() + TimeAmount(healthChecks.patience), completion: isHeard) { _ in }
        }
        for connection in checkup.dropped {
            connection.end(RPCError(.connectionLost, "the server has been silent, and does not answer a ping"))
        }
        for place in checkup.connect { makeAhead(place) }
    }

    func close() {
        let (connections, waiters, checkups) = core.withLock { core in
            defer { (core.waiters, core.checkups) = ([:], nil) }
            return (core.state.close(), core.waiters, core.checkups)
        }
        checkups?.cancel()
        for connection in connections { connection.close() }
        for waiter in waiters.values { waiter.resume() }
    }

    private static var closed: RPCError {
        var error = RPCError(.unavailable, "the client was closed")
        error.isRetriable = false
        return error
    }

    private static let connectTimeout = TimeAmount.seconds(10)
}
