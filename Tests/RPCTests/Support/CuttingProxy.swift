import NIOCore
import NIOPosix
import Synchronization

/// Passes bytes between a client and a server until it is told to cut all connections.
final class CuttingProxy: Sendable {
    private let listener: any Channel
    private let connections: Connections

    private final class Connections: Sendable {
        let channels = Mutex<[any Channel]>([])
    }

    var port: Int { listener.localAddress?.port ?? 0 }

    private init(listener: any Channel, connections: Connections) {
        self.listener = listener
        self.connections = connections
    }

    static func start(to port: Int) async throws -> CuttingProxy {
        let connections = Connections()
        let group = MultiThreadedEventLoopGroup.singleton
        let listener = try await ServerBootstrap(group: group)
            .childChannelInitializer { inbound in
                connections.channels.withLock { $0.append(inbound) }
                return ClientBootstrap(group: inbound.eventLoop)
                    .channelInitializer { outbound in
                        outbound.eventLoop.makeCompletedFuture {
                            try outbound.pipeline.syncOperations.addHandler(Forwarder(to: inbound))
                        }
                    }
                    .connect(host: "127.0.0.1", port: port)
                    .flatMapThrowing { outbound in
                        connections.channels.withLock { $0.append(outbound) }
                        try inbound.pipeline.syncOperations.addHandler(Forwarder(to: outbound))
                    }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return CuttingProxy(listener: listener, connections: connections)
    }

    func cut() {
        for channel in connections.channels.withLock({ $0 }) { channel.close(promise: nil) }
    }

    func stop() async throws {
        cut()
        try await listener.close().get()
    }

    private final class Forwarder: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let peer: any Channel

        init(to peer: any Channel) {
            self.peer = peer
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            peer.writeAndFlush(unwrapInboundIn(data), promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            peer.close(promise: nil)
        }
    }
}
