package import NIOCore
internal import NIOPosix
internal import Synchronization

/// How a listener protects its connections.
package enum ListenerSecurity: Sendable {
    case tls(TLSServerConfiguration)
    /// Refused unless the address is a loopback address.
    case plaintextOnLoopback
}

/// Accepts connections and hands their requests to a `RequestHandler`.
package final class RPCListener: Sendable {
    private let channel: any Channel
    private let connections: ConnectionSet
    private let limits: RPCLimits

    /// Where it listens; the port is the one that the system chose when 0 was asked for.
    package let host: String
    package let port: Int

    private init(channel: any Channel, connections: ConnectionSet, limits: RPCLimits) {
        self.channel = channel
        self.connections = connections
        self.limits = limits
        host = channel.localAddress?.ipAddress ?? ""
        port = channel.localAddress?.port ?? 0
    }

    package var connectionCount: Int { connections.count }

    /// `report` gets a line for every connection that ends because of what its client did.
    package static func start(
        host: String, port: Int, security: ListenerSecurity, group: any EventLoopGroup, limits: RPCLimits = RPCLimits(),
        handler: any RequestHandler, report: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws(RPCError) -> RPCListener {
        let address: SocketAddress
        do {
            address = try SocketAddress.makeAddressResolvingHost(host, port: port)
        } catch {
            throw RPCError(.invalidArgument, "cannot listen on \(host): no such host", cause: error)
        }
        var context: TLSContext?
        switch security {
        case .tls(let configuration): context = try TLSContext(server: configuration)
        case .plaintextOnLoopback:
            guard address.isLoopback else {
                throw RPCError(
                    .invalidArgument,
                    "plaintext is served on a loopback address only, and \(host) is none: use TLS, or 127.0.0.1")
            }
        }
        let connections = ConnectionSet(limit: limits.connections)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 512)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 2048, initial: 16384, maximum: 262_144)
            )
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 256 << 10, high: 1 << 20))
            .childChannelInitializer { [context] channel in
                channel.eventLoop.makeCompletedFuture {
                    let connection = ServerConnection(channel: channel, limits: limits)
                    guard connections.insert(connection) else {
                        report(
                            "\(connection.peer): refused: the server stops, or has \(limits.connections) connections already"
                        )
                        throw RPCError(.overloaded)
                    }
                    channel.closeFuture.whenComplete { _ in connections.remove(connection) }
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(
                            try TLSHandler(serverIn: context, handshakeTimeout: limits.handshakeTimeout))
                    }
                    try channel.pipeline.syncOperations.addHandler(
                        ServerConnectionHandler(
                            connection: connection, handler: handler, limits: limits, report: report))
                }
            }
        do {
            let channel = try await bootstrap.bind(to: address).get()
            return RPCListener(channel: channel, connections: connections, limits: limits)
        } catch {
            throw RPCError(.invalidArgument, "cannot listen on \(host):\(port): \(reason(of: error))", cause: error)
        }
    }

    /// Stops accepting, answers what is in flight, and closes; after `limits.drainTimeout` without that.
    package func drain() async {
        try? await channel.close().get()
        for connection in connections.closeToNewOnes() {
            connection.eventLoop.execute { connection.drain() }
        }
        let timeout = channel.eventLoop.scheduleTask(in: limits.drainTimeout) { [connections] in
            for connection in connections.all() { connection.eventLoop.execute { connection.close() } }
        }
        await connections.waitUntilEmpty()
        timeout.cancel()
    }
}

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

    var count: Int { state.withLock { $0.connections.count } }

    func all() -> [ServerConnection] { state.withLock { [ServerConnection]($0.connections.values) } }

    /// One that was accepted a moment ago and comes only now finds the door shut. Returns those that are in.
    func closeToNewOnes() -> [ServerConnection] {
        state.withLock { state in
            state.isClosed = true
            return [ServerConnection](state.connections.values)
        }
    }

    /// false: it is one too many.
    func insert(_ connection: ServerConnection) -> Bool {
        state.withLock { state in
            guard state.connections.count < limit, !state.isClosed else { return false }
            state.connections[ObjectIdentifier(connection)] = connection
            return true
        }
    }

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
