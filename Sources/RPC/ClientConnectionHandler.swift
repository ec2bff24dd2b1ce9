internal import NIOCore

/// Between the channel and a `ClientConnection`.
final class ClientConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let connection: ClientConnection
    /// Bytes received that are no whole frame yet.
    private var received = ByteBuffer()

    init(connection: ClientConnection) {
        self.connection = connection
    }

    func channelActive(context: ChannelHandlerContext) {
        connection.sayHello()
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = ByteBuffer()
        swap(&received, &buffer)
        buffer.gather(unwrapInboundIn(data))
        connection.receive(&buffer)
        received = buffer.readableBytes > 0 ? buffer : ByteBuffer()
    }

    func channelInactive(context: ChannelHandlerContext) {
        connection.end(RPCError(.connectionLost, "the server closed it"))
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        connection.end(RPCError(.connectionLost, "it was closed"))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        connection.end((error as? RPCError) ?? RPCError(.connectionLost, reason(of: error), cause: error))
    }
}
