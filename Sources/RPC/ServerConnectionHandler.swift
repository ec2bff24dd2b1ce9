internal import Bytes
internal import NIOCore
internal import SwiftProtobuf

/// Cuts what a client sends into frames, in place, and hands them over by the burst.
///
/// A client that does not read its answers is not served further: while more is written than the socket takes,
/// nothing is read and nothing that was read is served. Nor is one served for long while others wait: a turn has an
/// end, and the rest of what was read is served after the loop has looked at its other connections.
final class ServerConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = Never
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let connection: ServerConnection
    private let handler: any RequestHandler
    private let limits: RPCLimits
    private let report: @Sendable (String) -> Void
    /// What the client is told instead of being served; after the TLS handshake where there is one.
    private let refusal: RPCError?
    private let isEncrypted: Bool
    /// Bytes received that are not served yet: the start of a frame, or more while the client does not read.
    @exclusivity(unchecked) private var received = ByteBuffer()
    private var receivedBytes = 0
    private let partialFrames: PartialFrames
    /// Of `received`, as it was counted there last.
    private var heldBytes = 0
    /// When the last of them came.
    private var arrival = NIODeadline.uptimeNanoseconds(0)
    /// Of the burst that is being served.
    @exclusivity(unchecked) private var requests: [Request] = []
    private var wantsRead = false
    private var isServing = false
    /// The next turn is scheduled; until then nothing is read.
    private var awaitsTurn = false
    /// Why the connection is to be closed; kept until nobody looks into `received` any more.
    private var failure: (code: ErrorCode, detail: String)?
    private var greetingTimeout: Scheduled<Void>?
    private var watch: StallWatch
    private var nextLook: Scheduled<Void>?

    init(
        connection: ServerConnection, handler: any RequestHandler, limits: RPCLimits, refusal: RPCError? = nil,
        isEncrypted: Bool = false, partialFrames: PartialFrames? = nil, report: @escaping @Sendable (String) -> Void
    ) {
        self.refusal = refusal
        self.isEncrypted = isEncrypted
        self.connection = connection
        self.handler = handler
        self.limits = limits
        self.report = report
        self.partialFrames = partialFrames ?? PartialFrames(limit: limits.partialFrameBytes)
        watch = StallWatch(timeout: limits.stallTimeout, stallBytes: limits.stallBytes)
    }

    // MARK: Life

    func handlerAdded(context: ChannelHandlerContext) {
        let tls = isEncrypted ? try? context.pipeline.syncOperations.handler(type: TLSHandler.self) : nil
        connection.open(context, tls: tls)
        let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        connection.onUnsent = { bytes in
            let (handler, context) = loopBound.value
            handler.scheduleLook(context)
            // Later, for this is called by whoever sends.
            if bytes > handler.limits.greatestUnsentBytes {
                context.eventLoop.execute { loopBound.value.0.drop("it does not read its answers") }
            }
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
    }

    func channelActive(context: ChannelHandlerContext) {
        let connection = connection
        let report = report
        greetingTimeout = context.eventLoop.scheduleTask(in: limits.handshakeTimeout) {
            guard connection.state.phase == .greeting else { return }
            report("\(connection.peer): closed: it did not introduce itself in time")
            connection.close()
        }
        if refusal != nil && !isEncrypted { refuse() }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    private func end() {
        greetingTimeout?.cancel()
        nextLook?.cancel()
        nextLook = nil
        connection.ended()
        received = ByteBuffer()
        holdPartialFrame(0)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let established = event as? TLSEstablished {
            connection.caller = established.peerName
            refuse()
        }
        if event as? ChannelEvent == .inputClosed {
            connection.buffers.turn.end()
            if connection.isReading { connection.endBurst() }
            connection.inputEnded()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        report("\(connection.peer): closed: \(reason(of: error))")
        greetingTimeout?.cancel()
        connection.state.closed()
        // TLS closes by itself, when it has told the client why.
        if (error as? RPCError)?.code != .tlsFailed { context.close(promise: nil) }
    }

    /// Tells a client that is one too many why, before anything is read of it.
    private func refuse() {
        if let refusal { connection.close(because: refusal) }
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard connection.state.phase != .closed else { return }
        let more = unwrapInboundIn(data)
        receivedBytes += more.readableBytes
        received.gather(more, frameLimit: connection.state.frameLimit)
        arrival = context.eventLoop.now
        serve(context, now: arrival)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if connection.isReading { connection.endBurst() }
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        if context.channel.isWritable && !awaitsTurn {
            context.read()
        } else {
            wantsRead = true
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable && !isServing {
            if connection.isSending {
                let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
                context.eventLoop.execute {
                    let (handler, context) = loopBound.value
                    handler.goOn(context)
                }
            } else {
                goOn(context)
            }
        }
        context.fireChannelWritabilityChanged()
    }

    /// Serves what was left, and reads again.
    private func goOn(_ context: ChannelHandlerContext) {
        if !awaitsTurn { serve(context, now: context.eventLoop.now) }
        if connection.isReading { connection.endBurst() }
        connection.hasMoreToServe = awaitsTurn || !context.channel.isWritable
        connection.closeIfDone()
        if wantsRead && !awaitsTurn && context.channel.isWritable {
            wantsRead = false
            context.read()
        }
    }

    // MARK: Serving

    /// Serves the whole frames received, until the turn ends or the client does not take more answers.
    private func serve(_ context: ChannelHandlerContext, now: NIODeadline) {
        guard !awaitsTurn else { return }
        isServing = true
        connection.beginBurst()
        connection.buffers.lend(to: &requests)
        var work = 0
        while connection.state.phase != .closed && context.channel.isWritable {
            if work >= limits.workPerTurn {
                awaitTurn(context)
                break
            }
            let consumed = received.withUnsafeReadableBytes { serveOnce($0, now: now, &work) }
            received.moveReaderIndex(forwardBy: consumed)
            if let failure {
                self.failure = nil
                connection.buffers.turn.end()
                report("\(connection.peer): closed: \(failure.code.message) (\(failure.detail))")
                connection.close(because: RPCError(failure.code))
            }
            let mustSend = connection.isGathered
            if mustSend { connection.flush() }
            if (consumed == 0 && !mustSend) || received.readableBytes == 0 { break }
        }
        isServing = false
        connection.buffers.takeBack(&requests)
        if received.readableBytes == 0 {
            received = ByteBuffer()
        } else {
            scheduleLook(context)
        }
        if !context.channel.isWritable { connection.hasMoreToServe = true }
        holdPartialFrame(received.readableBytes)
    }

    private func holdPartialFrame(_ bytes: Int) {
        let counted = bytes > PartialFrames.freeBytes ? bytes : 0
        if counted == heldBytes { return }
        heldBytes = counted
        partialFrames.hold(counted, by: connection, drop: dropPartialFrame)
    }

    /// From any thread.
    private var dropPartialFrame: @Sendable () -> Void {
        { [connection, report, limit = partialFrames.limit] in
            connection.eventLoop.execute {
                guard connection.isOpen else { return }
                report(
                    "\(connection.peer): closed: frames that have begun hold \(limit >> 20) MiB, and its own is the oldest"
                )
                connection.buffers.turn.end()
                connection.close(
                    because: RPCError(
                        .overloaded, "the server holds too much of frames that have begun; send them faster, or later"))
            }
        }
    }

    /// A moment later, so that the loop looks at its sockets in between: tasks for now come before them.
    private func awaitTurn(_ context: ChannelHandlerContext) {
        awaitsTurn = true
        connection.hasMoreToServe = true
        let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.pause) {
            let (handler, context) = loopBound.value
            handler.awaitsTurn = false
            handler.goOn(context)
        }
    }

    /// Returns how many bytes are done with: 0 when no whole frame is left.
    private func serveOnce(_ bytes: UnsafeRawBufferPointer, now: NIODeadline, _ work: inout Int) -> Int {
        var offset = 0
        requests.removeAll(keepingCapacity: true)
        let greatestCount = min(Self.requestsAtOnce, limits.workPerTurn - work)
        frames: while requests.count < greatestCount {
            switch nextFrame(in: bytes, at: offset, limit: connection.state.frameLimit) {
            case .incomplete: break frames
            case .invalid(let code, let length):
                failure = (code, "frame of \(length) bytes")
                offset = bytes.count
                break frames
            case .frame(let header, let message):
                let action = connection.state.receive(header)
                if case .serve(let operation) = action {
                    let deadline =
                        header.millisecondsLeft == 0
                        ? .distantFuture : arrival + .milliseconds(Int64(header.millisecondsLeft))
                    requests.append(
                        Request(operation: operation, id: header.requestID, deadline: deadline, message: message))
                    offset += header.frameLength
                } else if requests.isEmpty {
                    offset += header.frameLength
                    work += 1
                    meet(action, header, message)
                    if failure != nil { return bytes.count }
                } else {
                    // What comes before it is served first.
                    break frames
                }
            }
        }
        return requests.isEmpty ? offset : offset - handle(now: now, &work)
    }

    /// Hands the requests over. Returns the bytes of those that were left for later.
    private func handle(now: NIODeadline, _ work: inout Int) -> Int {
        handler.handle(RequestBurst(requests: requests, connection: connection, arrival: arrival, now: now))
        let servedCount = connection.servedCount ?? requests.count
        let left = requests[servedCount...].reduce(0) { $0 + FrameHeader.byteCount + $1.message.count }
        connection.state.putBack(requests.count - servedCount)
        work += servedCount + connection.extraWork
        connection.servedCount = nil
        connection.extraWork = 0
        requests.removeAll(keepingCapacity: true)
        return left
    }

    /// A frame that is not for the request handler.
    private func meet(
        _ action: ServerConnectionState.FrameAction, _ header: FrameHeader, _ message: UnsafeRawBufferPointer
    ) {
        switch action {
        case .refuse(let code):
            connection.outgoing.append(failure: RPCError(code), to: header.requestID, header.operation)
        case .greet: greet(message)
        case .close(let code): failure = (code, "operation \(header.operation), request \(header.requestID)")
        case .ignore, .serve: break
        }
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

    // MARK: Clients that do not move

    private func scheduleLook(_ context: ChannelHandlerContext) {
        guard nextLook == nil else { return }
        let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        nextLook = context.eventLoop.scheduleTask(in: watch.interval) {
            let (handler, context) = loopBound.value
            handler.nextLook = nil
            handler.look(context)
        }
    }

    private func look(_ context: ChannelHandlerContext) {
        guard connection.state.phase != .closed else { return }
        let (taken, unsent) = connection.progress()
        let verdict = watch.look(
            takenBytes: taken, unsentBytes: unsent, receivedBytes: receivedBytes, missingBytes: missingBytes,
            now: context.eventLoop.now)
        switch verdict {
        case .idle: break
        case .watch: scheduleLook(context)
        case .answersNotRead: drop("it does not read its answers")
        case .frameNotFinished: drop("it does not finish the frame that it began")
        }
    }

    private func drop(_ reason: String) {
        guard connection.state.phase != .closed else { return }
        report("\(connection.peer): closed: \(reason)")
        connection.close()
    }

    /// Of the frame that has begun.
    private var missingBytes: Int {
        guard !awaitsTurn, received.readableBytes > 0 else { return 0 }
        guard let length = received.getInteger(at: received.readerIndex, endianness: .little, as: UInt32.self) else {
            return 4
        }
        return max(0, Int(length) + 4 - received.readableBytes)
    }

    /// How many requests the handler gets at once.
    private static let requestsAtOnce = 128
    private static let pause = TimeAmount.microseconds(50)
}
