package import NIOCore
internal import NIOPosix

/// How a client protects its connections.
package enum DialerSecurity: Sendable {
    case tls(TLSClientConfiguration)
    case plaintext
}

/// Makes connections to one server, which go on with the TLS sessions of those before. Certificates are read again when their
/// files have changed.
package final class RPCDialer: Sendable {
    package let host: String
    package let port: Int
    private let tls: TLSContextSource?
    private let group: any EventLoopGroup
    private let limits: RPCLimits

    /// Over TLS the server's certificate has to be for `host`.
    package init(
        host: String, port: Int, security: DialerSecurity, group: any EventLoopGroup, limits: RPCLimits = RPCLimits()
    ) throws(RPCError) {
        self.host = host
        self.port = port
        self.group = group
        self.limits = limits
        switch security {
        case .tls(let configuration): tls = try TLSContextSource(client: configuration)
        case .plaintext: tls = nil
        }
    }

    /// A connection that is ready for requests. Throws `.connectionFailed`, which a retry may mend, or `.tlsFailed` and
    /// `.unsupportedProtocol`, which somebody has to mend.
    package func connect(timeout: TimeAmount = .seconds(10)) async throws(RPCError) -> ClientConnection {
        let bootstrap = ClientBootstrap(group: group)
            .connectTimeout(timeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 2048, initial: 16384, maximum: 262_144))
        let context = tls?.current
        do {
            let connection = try await bootstrap.connect(host: host, port: port) { [host, limits] channel in
                channel.eventLoop.makeCompletedFuture {
                    let connection = ClientConnection(channel: channel, limits: limits)
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(
                            TLSHandler(clientIn: context, serverName: host, handshakeTimeout: timeout))
                    }
                    try channel.pipeline.syncOperations.addHandler(ClientConnectionHandler(connection: connection))
                    return connection
                }
            }
            let expiry = connection.eventLoop.scheduleTask(in: timeout) {
                connection.end(RPCError(.connectionFailed, "no answer within \(timeout.nanoseconds / 1_000_000_000) s"))
            }
            defer { expiry.cancel() }
            try await connection.whenGreeted.get()
            return connection
        } catch {
            throw describe(error)
        }
    }

    private func describe(_ error: any Error) -> RPCError {
        if let error = error as? RPCError, error.code == .tlsFailed || error.code == .unsupportedProtocol {
            return RPCError(error.code, "cannot connect to \(host):\(port): \(error.message)", cause: error)
        }
        return RPCError(.connectionFailed, "cannot connect to \(host):\(port): \(reason(of: error))", cause: error)
    }
}
