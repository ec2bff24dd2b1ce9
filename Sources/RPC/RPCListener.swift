package import NIOCore
internal import NIOPosix

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
    /// nil: plaintext.
    private let tls: ListenerTLS?

    /// Where it listens; the port is the one that the system chose when 0 was asked for.
    package let host: String
    package let port: Int

    private init(channel: any Channel, connections: ConnectionSet, limits: RPCLimits, tls: ListenerTLS?) {
        self.tls = tls
        self.channel = channel
        self.connections = connections
        self.limits = limits
        host = channel.localAddress?.ipAddress ?? ""
        port = channel.localAddress?.port ?? 0
    }

    package var connectionCount: Int { connections.count }

    /// `report` gets a line for every connection that ends because of what its client did; of a flood of them, some.
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
        var tls: ListenerTLS?
        switch security {
        case .tls(let configuration): tls = try ListenerTLS(configuration, group: group, limits: limits)
        case .plaintextOnLoopback:
            guard address.isLoopback else {
                throw RPCError(
                    .invalidArgument,
                    "plaintext is served on a loopback address only, and \(host) is none: use TLS, or 127.0.0.1")
            }
        }
        let limiter = ReportLimiter(report)
        let report: @Sendable (String) -> Void = { limiter($0) }
        let connections = ConnectionSet(limit: limits.connections)
        let buffers = LoopBufferSet(handler)
        let partialFrames = PartialFrames(limit: limits.partialFrameBytes)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // One that says no more still gets the answers of this turn: the handler closes.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(.keepAliveIdleSeconds, value: 30)
            .childChannelOption(.keepAliveIntervalSeconds, value: 10)
            .childChannelOption(.keepAliveProbes, value: 3)
            .childChannelOption(
                .userTimeoutMilliseconds, value: Int(limits.stallTimeout.nanoseconds / 1_000_000)
            )
            // One read is one connection's share of the loop before the others are looked at.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 2048, initial: 2048, maximum: limits.readBytes)
            )
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 256 << 10, high: 1 << 20))
            .childChannelInitializer { [tls] channel in
                channel.eventLoop.makeCompletedFuture {
                    let connection = ServerConnection(
                        channel: channel, limits: limits, buffers: buffers.buffers(of: channel.eventLoop))
                    let admission = connections.insert(connection)
                    if let refusal = admission.refusal { report("\(connection.peer): refused: \(refusal.message)") }
                    if case .closed(let refusal) = admission { throw refusal }
                    channel.closeFuture.whenComplete { _ in connections.remove(connection) }
                    try tls?.protect(channel, limits: limits) { report("\(connection.peer): \($0)") }
                    try channel.pipeline.syncOperations.addHandler(
                        ServerConnectionHandler(
                            connection: connection, handler: handler, limits: limits, refusal: admission.refusal,
                            isEncrypted: tls != nil, partialFrames: partialFrames, report: report))
                }
            }
        do {
            let channel = try await bootstrap.bind(to: address).get()
            return RPCListener(channel: channel, connections: connections, limits: limits, tls: tls)
        } catch {
            throw RPCError(.invalidArgument, "cannot listen on \(host):\(port): \(reason(of: error))", cause: error)
        }
    }

    /// Reads certificates, key and CA again, for new connections; when they cannot be used, those in force stay.
    package func reloadCertificates() throws(RPCError) {
        try tls?.source.reload()
    }

    /// nil: plaintext.
    package var tlsFigures: TLSFigures? { tls?.figures }

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
