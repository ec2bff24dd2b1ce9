internal import Bytes
internal import NIOCore
internal import SwiftProtobuf

/// Cuts what a client sends into frames, in place, and hands them over by the burst.
///
/// A client that does not read its answers is not served further: while more is written than the socket takes,
/// nothing is read and nothing that was read is served.
final class ServerConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = Never
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let connection: ServerConnection
    private let handler: any RequestHandler
    private let limits: RPCLimits
    private let report: @Sendable (String) -> Void
    /// Bytes received that are not served yet: the start of a frame, or more while the client does not read.
    private var received = ByteBuffer()
    private var requests: [Request] = []
    private var wantsRead = false
    private var isServing = false
    /// Why the connection is to be closed; kept until nobody looks into `received` any more.
    private var failure: (code: ErrorCode, detail: String)?
    private var greetingTimeout: Scheduled<Void>?

    init(
        connection: ServerConnection, handler: any RequestHandler, limits: RPCLimits,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.connection = connection
        self.handler = handler
        self.limits = limits
        self.report = report
    }

    func channelActive(context: ChannelHandlerContext) {
        let connection = connection
        let report = report
        greetingTimeout = context.eventLoop.scheduleTask(in: limits.handshakeTimeout) {
            guard connection.state.phase == .greeting else { return }
            report("\(connection.peer): closed: it did not introduce itself in time")
            connection.close()
        }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        greetingTimeout?.cancel()
        connection.state.closed()
        received = ByteBuffer()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let established = event as? TLSEstablished { connection.caller = established.peerName }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard connection.state.phase != .closed else { return }
        connection.isReading = true
        received.gather(unwrapInboundIn(data), frameLimit: connection.state.frameLimit)
        serve(context: context)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        endBurst()
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            context.read()
        } else {
            wantsRead = true
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable && !isServing {
            connection.isReading = true
            serve(context: context)
            endBurst()
            if wantsRead && context.channel.isWritable {
                wantsRead = false
                context.read()
            }
        }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        report("\(connection.peer): closed: \(reason(of: error))")
        greetingTimeout?.cancel()
        connection.state.closed()
        // TLS closes by itself, when it has told the client why.
        if (error as? RPCError)?.code != .tlsFailed { context.close(promise: nil) }
    }

    private func endBurst() {
        connection.isReading = false
        connection.flush()
    }

    /// Serves the whole frames received, some at a time, so that what gathers for the client stays bounded.
    private func serve(context: ChannelHandlerContext) {
        isServing = true
        defer { isServing = false }
        let arrival = NIODeadline.now()
        while context.channel.isWritable {
            let consumed = received.withUnsafeReadableBytes { serveOnce($0, arrival: arrival) }
            received.moveReaderIndex(forwardBy: consumed)
            if let failure {
                self.failure = nil
                report("\(connection.peer): closed: \(failure.code.message) (\(failure.detail))")
                connection.close(because: RPCError(failure.code))
            }
            if connection.outgoing.count >= Self.gatheredBytes { connection.flush() }
            if consumed == 0 || connection.state.phase == .closed { break }
        }
        if received.readableBytes == 0 { received = ByteBuffer() }
    }

    /// Returns how many bytes are done with: 0 when no whole frame is left.
    private func serveOnce(_ bytes: UnsafeRawBufferPointer, arrival: NIODeadline) -> Int {
        var offset = 0
        requests.removeAll(keepingCapacity: true)
        frames: while requests.count < Self.requestsAtOnce {
            switch nextFrame(in: bytes, at: offset, limit: connection.state.frameLimit) {
            case .incomplete: break frames
            case .invalid(let code, let length):
                failure = (code, "frame of \(length) bytes")
                offset = bytes.count
                break frames
            case .frame(let header, let message):
                offset += header.frameLength
                switch connection.state.receive(header) {
                case .serve(let operation):
                    let deadline =
                        header.millisecondsLeft == 0
                        ? .distantFuture : arrival + .milliseconds(Int64(header.millisecondsLeft))
                    requests.append(
                        Request(operation: operation, id: header.requestID, deadline: deadline, message: message))
                case .refuse(let code):
                    let error = RPCError(code)
                    connection.outgoing.append(failure: error, to: header.requestID, header.operation)
                case .greet: greet(message)
                case .close(let code):
                    failure = (code, "operation \(header.operation), request \(header.requestID)")
                case .ignore: break
                }
                if failure != nil {
                    offset = bytes.count
                    break frames
                }
            }
        }
        serveRequests(arrival: arrival)
        return offset
    }

    private func serveRequests(arrival: NIODeadline) {
        guard !requests.isEmpty else { return }
        handler.handle(RequestBurst(requests: requests, connection: connection, arrival: arrival))
        requests.removeAll(keepingCapacity: true)
    }

    private func greet(_ message: UnsafeRawBufferPointer) {
        guard let hello = try? WireHello(serializedBytes: [UInt8](message)) else {
            failure = (.malformedMessage, "its first message")
            return
        }
        switch connection.state.greet(protocolVersion: hello.protocol) {
        case .accept:
            greetingTimeout?.cancel()
            greetingTimeout = nil
            connection.outgoing.append(hello: .ours, flags: FrameHeader.responseFlag)
        case .close(let code):
            failure = (code, "it speaks protocol \(hello.protocol), this server \(rpcProtocolVersion)")
        }
    }

    /// How many requests the handler gets at once.
    private static let requestsAtOnce = 128
    /// Responses are written before the burst ends when so much has gathered.
    private static let gatheredBytes = 256 << 10
}
