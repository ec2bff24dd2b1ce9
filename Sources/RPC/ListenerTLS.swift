internal import NIOCore
internal import Synchronization

/// What a listener's connections share of TLS: certificates that change, a door for those who introduce themselves, and turns.
final class ListenerTLS: Sendable {
    let source: TLSContextSource
    let door: HandshakeDoor
    private let turns: [ObjectIdentifier: HandshakeTurns]
    private let handshakes = Atomic<Int64>(0)
    private let resumptions = Atomic<Int64>(0)
    private let refusals = Atomic<Int64>(0)

    init(_ configuration: TLSServerConfiguration, group: any EventLoopGroup, limits: RPCLimits) throws(RPCError) {
        source = try TLSContextSource(server: configuration)
        door = HandshakeDoor(limit: limits.handshakes, patience: limits.handshakePatience)
        turns = Dictionary(
            group.makeIterator().map { (ObjectIdentifier($0), HandshakeTurns($0)) },
            uniquingKeysWith: { first, _ in first })
    }

    /// Puts TLS into a new connection's pipeline; throws where there are too many that are about to introduce themselves.
    func protect(
        _ channel: any Channel, limits: RPCLimits, report: @escaping @Sendable (_ line: String) -> Void
    ) throws {
        let id = ObjectIdentifier(channel)
        let entrance = HandshakeDoor.Entrance(id: id, since: .now()) {
            report("closed: its TLS handshake took long, and others waited for its place")
            channel.close(promise: nil)
        }
        guard door.enter(entrance) == .admitted else {
            refusals.wrappingAdd(1, ordering: .relaxed)
            report("refused: \(limits.handshakes) TLS handshakes are under way already")
            throw RPCError(.overloaded)
        }
        channel.closeFuture.whenComplete { [door] _ in door.leave(id) }
        let handler = try TLSHandler(
            serverIn: source.context, handshakeTimeout: limits.handshakeTimeout,
            turns: turns[ObjectIdentifier(channel.eventLoop)] ?? HandshakeTurns(channel.eventLoop))
        try channel.pipeline.syncOperations.addHandlers([handler, Greeter(self, id)])
    }

    var figures: RPCListener.TLSFigures {
        let context = source.context
        return RPCListener.TLSFigures(
            certificateExpiry: context.certificateExpiry, authorityExpiry: context.authorityExpiry,
            handshakes: handshakes.load(ordering: .relaxed), resumptions: resumptions.load(ordering: .relaxed),
            refusals: refusals.load(ordering: .relaxed), underWay: door.count)
    }

    /// Sees a handshake through the door, and is gone.
    private final class Greeter: ChannelInboundHandler, RemovableChannelHandler {
        typealias InboundIn = ByteBuffer

        private let tls: ListenerTLS
        private let id: ObjectIdentifier

        init(_ tls: ListenerTLS, _ id: ObjectIdentifier) {
            self.tls = tls
            self.id = id
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            context.fireUserInboundEventTriggered(event)
            guard let established = event as? TLSEstablished else { return }
            tls.door.leave(id)
            tls.handshakes.wrappingAdd(1, ordering: .relaxed)
            if established.isResumed { tls.resumptions.wrappingAdd(1, ordering: .relaxed) }
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        }
    }
}

extension RPCListener {
    /// Of its TLS, at one moment.
    package struct TLSFigures: Sendable {
        /// When the server's certificate ends, and the first of the client CA's, in seconds since 1970.
        package var certificateExpiry: Int64?
        package var authorityExpiry: Int64?
        /// That were completed; of them, those that went on from an earlier one.
        package var handshakes: Int64
        package var resumptions: Int64
        /// Connections that found too many handshakes under way.
        package var refusals: Int64
        package var underWay: Int
    }
}
