internal import NIOCore

/// TLS between the socket and the frames.
///
/// What a read of the socket brings is decrypted into one buffer, and what a flush sends is encrypted into one: a burst
/// of frames costs a handful of calls, however many frames it has.
final class TLSHandler: ChannelDuplexHandler, AnswerOutput {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase { case handshaking, established, closed }

    private let session: TLSSession
    private let handshakeTimeout: TimeAmount
    /// A server's; a client has no crowd to wait behind.
    private let turns: HandshakeTurns?
    private var isWaitingForTurn = false
    private var hasInputEnded = false
    private var phase = Phase.handshaking
    private var pending: [(plaintext: ByteBuffer, promise: EventLoopPromise<Void>?)] = []
    private var mustFlush = false
    private var timeout: Scheduled<Void>?
    /// A server's: what it sends goes through no handler any more.
    private var socket: SocketOutput?
    private var context: ChannelHandlerContext?

    init(
        serverIn context: TLSContext, handshakeTimeout: TimeAmount, turns: HandshakeTurns? = nil
    ) throws(RPCError) {
        session = try TLSSession(context: context, serverName: nil)
        self.handshakeTimeout = handshakeTimeout
        self.turns = turns
    }

    /// `serverName` is the name or address that the server's certificate has to have.
    init(clientIn context: TLSContext, serverName: String, handshakeTimeout: TimeAmount) throws(RPCError) {
        session = try TLSSession(context: context, serverName: serverName)
        self.handshakeTimeout = handshakeTimeout
        turns = nil
    }

    // MARK: Life

    func handlerAdded(context: ChannelHandlerContext) {
        if session.context.isServer {
            let socket = SocketOutput(context)
            session.send(to: socket)
            self.socket = socket
            self.context = context
        }
        if context.channel.isActive { begin(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        let wasHandshaking = phase == .handshaking
        end(ChannelError.ioOnClosedChannel)
        end()
        if wasHandshaking {
            context.fireErrorCaught(RPCError(.tlsFailed, "the connection was closed during the TLS handshake"))
        }
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed {
            hasInputEnded = true
            // What it said last is looked at first: an alert says why it went.
            if !isWaitingForTurn { endInput(context) }
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    private func endInput(_ context: ChannelHandlerContext) {
        switch phase {
        // A peer that says no more while it should say who it is has gone.
        case .handshaking: context.close(promise: nil)
        case .established: context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        case .closed: break
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(ChannelError.ioOnClosedChannel)
        end()
    }

    /// The channel is gone.
    func end() {
        socket?.end()
        context = nil
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard timeout == nil, phase == .handshaking else { return }
        let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timeout = context.eventLoop.scheduleTask(in: handshakeTimeout) {
            let (handler, context) = loopBound.value
            guard handler.phase == .handshaking else { return }
            handler.fail(
                RPCError(.tlsFailed, "the TLS handshake took longer than \(handler.handshakeTimeout)"), context)
        }
        // A server has nothing to say before its client has.
        guard turns == nil else { return }
        advanceHandshake(context)
        flushOutput(context)
    }

    private func end(_ error: any Error) {
        phase = .closed
        timeout?.cancel()
        timeout = nil
        let promises = pending.map(\.promise)
        pending = []
        for promise in promises { promise?.fail(error) }
    }

    // MARK: Answers of a server

    func send(_ plaintext: UnsafeRawBufferPointer) {
        guard phase == .established, let context else { return }
        do throws(RPCError) {
            try session.write(plaintext)
        } catch {
            fail(error, context)
        }
    }

    var sentBytes: Int { socket?.sentBytes ?? 0 }
    var unsentBytes: Int { socket?.unsentBytes ?? 0 }
    var onTaken: () -> Void {
        get { socket?.onTaken ?? {} }
        set { socket?.onTaken = newValue }
    }

    private func fail(_ error: RPCError, _ context: ChannelHandlerContext) {
        // The alert that tells the peer why.
        flushOutput(context)
        let mustLinger = phase == .handshaking
        end(error)
        context.fireErrorCaught(error)
        guard mustLinger else { return context.close(promise: nil) }
        // Closing at once would reset the connection while the peer still sends, and the alert would be lost.
        context.close(mode: .output, promise: nil)
        let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.linger) { loopBound.value.close(promise: nil) }
    }

    private func advanceHandshake(_ context: ChannelHandlerContext) {
        do throws(RPCError) {
            guard try session.handshake() else { return }
        } catch {
            return fail(error, context)
        }
        phase = .established
        timeout?.cancel()
        timeout = nil
        context.fireUserInboundEventTriggered(
            TLSEstablished(peerName: session.peerName, isResumed: session.isResumed))
        if mustFlush { flush(context: context) }
    }

    // MARK: Inbound

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase != .closed else { return }
        let ciphertext = unwrapInboundIn(data)
        guard phase == .established || session.inputCount + ciphertext.readableBytes <= Self.greatestHandshakeBytes
        else {
            return fail(RPCError(.tlsFailed, "the TLS handshake is too large"), context)
        }
        session.receive(ciphertext)
        if phase == .handshaking, let turns {
            waitForTurn(turns, context)
        } else {
            getOn(context)
        }
    }

    private func getOn(_ context: ChannelHandlerContext) {
        if phase == .handshaking { advanceHandshake(context) }
        if phase == .established { decrypt(context) }
        // Handshake messages, key updates.
        flushOutput(context)
    }

    /// The next step of the handshake, with all that has arrived until its turn comes.
    private func waitForTurn(_ turns: HandshakeTurns, _ context: ChannelHandlerContext) {
        guard !isWaitingForTurn else { return }
        isWaitingForTurn = true
        turns.take { [weak self] in
            guard let self else { return }
            self.isWaitingForTurn = false
            guard self.phase == .handshaking else { return }
            self.getOn(context)
            // What came along with the end of the handshake is served as the end of a read is.
            if self.phase == .established { context.fireChannelReadComplete() }
            if self.hasInputEnded { self.endInput(context) }
        }
    }

    private func decrypt(_ context: ChannelHandlerContext) {
        let spare = PlaintextSpare.current
        var plaintext = spare.take(session.inputCount)
        defer { spare.putBack(plaintext) }
        let goesOn: Bool
        do throws(RPCError) {
            goesOn = try session.read(into: &plaintext)
        } catch {
            return fail(error, context)
        }
        if plaintext.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(plaintext)) }
        if goesOn { return }
        // A client that says it has ended still gets what it asked for.
        if session.context.isServer {
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        } else {
            context.close(promise: nil)
        }
    }

    // MARK: Outbound

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard phase != .closed else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        pending.append((unwrapOutboundIn(data), promise))
    }

    func flush(context: ChannelHandlerContext) {
        guard phase == .established else {
            mustFlush = true
            return
        }
        mustFlush = false
        let writes = pending
        pending.removeAll(keepingCapacity: true)
        for (index, write) in writes.enumerated() {
            do throws(RPCError) {
                try encrypt(write.plaintext, context, write.promise)
            } catch {
                for later in writes[index...] { later.promise?.fail(error) }
                return fail(error, context)
            }
        }
        context.flush()
    }

    private func encrypt(
        _ plaintext: ByteBuffer, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?
    ) throws(RPCError) {
        var rest = plaintext.readableBytesView[...]
        repeat {
            // In parts, so that OpenSSL's memory stays small however much is written.
            let part = rest.prefix(Self.partBytes)
            rest = rest.dropFirst(Self.partBytes)
            try part.withUnsafeBytes { bytes throws(RPCError) in try session.write(bytes) }
            var ciphertext = context.channel.allocator.buffer(capacity: session.outputCount)
            session.takeOutput(into: &ciphertext)
            context.write(wrapOutboundOut(ciphertext), promise: rest.isEmpty ? promise : nil)
        } while !rest.isEmpty
    }

    private func flushOutput(_ context: ChannelHandlerContext) {
        guard session.outputCount > 0 else { return }
        var ciphertext = context.channel.allocator.buffer(capacity: session.outputCount)
        session.takeOutput(into: &ciphertext)
        context.writeAndFlush(wrapOutboundOut(ciphertext), promise: nil)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if phase == .established && mode != .input {
            flush(context: context)
            session.shutDown()
            flushOutput(context)
        }
        if mode == .all { end(ChannelError.ioOnClosedChannel) }
        context.close(mode: mode, promise: promise)
    }

    /// Of what a peer may send ahead of its turn: a long chain of certificates, and the first requests behind it.
    private static let greatestHandshakeBytes = 64 << 10
    private static let partBytes = 256 << 10
    private static let linger = TimeAmount.milliseconds(250)
}
