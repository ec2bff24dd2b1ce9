import Bytes
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import RPC

/// A connection without a socket: what goes in and what comes out.
struct EmbeddedConnection {
    let channel = EmbeddedChannel()
    let handler = EchoHandler()
    let connection: ServerConnection
    let reports = Reports()

    final class Reports: Sendable {
        let lines = Mutex<[String]>([])
    }

    /// What it sends, and what it asks to read, as a socket sees it.
    let socket = StuckSocket()

    init(
        limits: RPCLimits = RPCLimits(), greeted: Bool = true, refusal: RPCError? = nil,
        partialFrames: PartialFrames? = nil
    ) throws {
        connection = ServerConnection(
            channel: channel, limits: limits, buffers: LoopBuffers(channel.eventLoop, handler))
        let reports = reports
        try channel.pipeline.syncOperations.addHandler(socket)
        try channel.pipeline.syncOperations.addHandler(
            ServerConnectionHandler(
                connection: connection, handler: handler, limits: limits, refusal: refusal, partialFrames: partialFrames
            ) { line in
                reports.lines.withLock { $0.append(line) }
            })
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        guard greeted else { return }
        var writer = ByteWriter()
        writer.append(hello: .ours, flags: 0)
        try receive(writer.bytes)
        #expect(try sent().map(\.0.operation) == [1])
    }

    func receive(_ bytes: [UInt8]) throws {
        try channel.writeInbound(ByteBuffer(bytes: bytes))
    }

    /// The frames that have left, in one list for each write.
    func writes() throws -> [[(FrameHeader, [UInt8])]] {
        var writes: [[(FrameHeader, [UInt8])]] = []
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) {
            buffer.withUnsafeReadableBytes { bytes in
                var frames: [(FrameHeader, [UInt8])] = []
                var offset = 0
                while case .frame(let header, let message) = nextFrame(in: bytes, at: offset, limit: 1 << 24) {
                    frames.append((header, [UInt8](message)))
                    offset += header.frameLength
                }
                writes.append(frames)
            }
        }
        return writes
    }

    func sent() throws -> [(FrameHeader, [UInt8])] { try writes().flatMap { $0 } }
}

func frame(_ operation: RPC.Operation, _ id: UInt64, _ message: [UInt8] = [], milliseconds: UInt32 = 0)
    -> [UInt8]
{
    var writer = ByteWriter()
    writer.append(
        FrameHeader(
            messageLength: message.count, operation: operation.rawValue, requestID: id, millisecondsLeft: milliseconds))
    writer.append(contentsOf: message)
    return writer.bytes
}

/// Takes nothing while it is stuck, and counts how often it is asked to read.
final class StuckSocket: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    var isStuck = false
    var reads = 0

    func flush(context: ChannelHandlerContext) {
        if !isStuck { context.flush() }
    }

    func read(context: ChannelHandlerContext) {
        reads += 1
        context.read()
    }
}
