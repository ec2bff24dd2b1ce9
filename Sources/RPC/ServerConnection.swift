package import Bytes
package import NIOCore
internal import Synchronization

/// One client's connection: where responses gather, and what ends it.
///
/// Responses made on the event loop go straight into `outgoing`, which leaves in one write when the read burst ends.
/// Those made elsewhere gather behind a lock and are fetched by the loop once for many.
package final class ServerConnection: @unchecked Sendable {
    // Everything that changes is touched on the event loop only, but for `remote`, which is a Mutex, and `unsent` and `hasEnded`, which are Atomics.
    // `@exclusivity(unchecked)` stands where the checks while the program runs, for every request, were seen in profiles.

    package let eventLoop: any EventLoop
    /// Address and port of the client, for people.
    package let peer: String
    /// Whom the client's certificate names; nil without mutual TLS, and where it names nobody.
    package internal(set) var caller: String?
    /// What the request handler keeps with the connection; touched on the event loop only.
    package var attachment: AnyObject?
    /// Bytes of answers that were sent so far.
    package var answeredBytes: Int { output?.sentBytes ?? 0 }
    @exclusivity(unchecked) @usableFromInline package var outgoing = ByteWriter()
    @exclusivity(unchecked) var state: ServerConnectionState
    /// A read burst is being served: what is written leaves at its end.
    @exclusivity(unchecked) private(set) var isReading = false
    /// Bytes are on their way to the socket: nothing else may be sent from within that.
    private(set) var isSending = false
    /// Requests were received that the next turns serve.
    var hasMoreToServe = false
    /// The client says no more; it may still listen.
    private var hasInputEnded = false
    /// What the requests of this turn cost beyond one each.
    @exclusivity(unchecked) var extraWork = 0
    /// Called when answers wait for the client to take them, with their bytes.
    var onUnsent: ((Int) -> Void)?
    private var output: (any AnswerOutput)?
    private var isLingering = false
    private let channel: any Channel
    private let limits: RPCLimits
    let buffers: LoopBuffers
    private let remote = Mutex(RemoteResponses())
    /// Bytes that the socket has not taken yet.
    private let unsent = Atomic(0)
    private let hasEnded = Atomic(false)

    private var large: LargeAnswers
    /// Of the requests of a burst, those before it were taken; nil: all.
    var servedCount: Int?

    private struct RemoteResponses {
        var frames: [UInt8] = []
        var count = 0
        var hasLarge = false
        var isScheduled = false
    }

    init(channel: any Channel, limits: RPCLimits, buffers: LoopBuffers) {
        self.channel = channel
        self.limits = limits
        self.buffers = buffers
        eventLoop = channel.eventLoop
        peer = channel.remoteAddress.map { "\($0.ipAddress ?? ""):\($0.port ?? 0)" } ?? "a client"
        state = ServerConnectionState(limits: limits)
        large = LargeAnswers(greatestWaitingBytes: limits.waitingBytes)
    }

    // MARK: Responses on the event loop

    func beginBurst() {
        isReading = true
        buffers.lend(to: &outgoing)
    }

    func endBurst() {
        isReading = false
        flush()
        beginLarge()
    }

    /// Starts a response; the message follows. Returns where the frame begins.
    @usableFromInline
    func beginResponse(to id: UInt64, _ operation: Operation) -> Int {
        outgoing.beginResponse(to: id, operation)
    }

    @usableFromInline
    func endResponse(to id: UInt64, _ operation: Operation, start: Int) {
        outgoing.endResponse(to: id, operation, start: start, limit: limits.frameBytes)
        answered()
    }

    @usableFromInline
    func appendFailure(_ error: RPCError, to id: UInt64, _ operation: UInt8) {
        outgoing.append(failure: error, to: id, operation)
        answered()
    }

    /// Answers `count` requests with frames that `body` writes, the whole of them at once.
    package func answer(count: Int, _ body: (inout ByteWriter) -> Void) {
        buffers.lend(to: &outgoing)
        body(&outgoing)
        answered(count)
    }

    @usableFromInline
    func answered(_ count: Int = 1) {
        state.answered(count)
        if !isReading { flush() }
    }

    func makeResponder(for request: Request) -> Responder {
        Responder(connection: self, id: request.id, operation: request.operation, deadline: request.deadline)
    }

    // MARK: Responses from elsewhere

    /// Takes whole frames, the answers to `count` requests, from any thread.
    package func deliver(_ frames: [UInt8], count: Int = 1) {
        deliver(frames, count: count, isLarge: false)
    }

    /// The answer to a request of `LargeAnswers` lets the next of them begin.
    func deliver(_ frames: [UInt8], count: Int, isLarge: Bool) {
        let mustSchedule = remote.withLock { remote in
            if remote.frames.isEmpty { remote.frames = frames } else { remote.frames.append(contentsOf: frames) }
            remote.count += count
            remote.hasLarge = remote.hasLarge || isLarge
            defer { remote.isScheduled = true }
            return !remote.isScheduled
        }
        if mustSchedule { eventLoop.execute { self.fetchRemoteResponses() } }
    }

    /// Whether so much has gathered for the client that it is to be sent before more is served.
    package var isGathered: Bool { outgoing.count >= limits.gatheredBytes }

    /// Whether so many answers wait for the client to read them that nothing more is to be begun for it. From any thread.
    package var isCongested: Bool {
        unsent.load(ordering: .relaxed) + remote.withLock { $0.frames.count } > limits.unsentBytes
    }

    /// Whether somebody may still read an answer. From any thread.
    package var isOpen: Bool { !hasEnded.load(ordering: .relaxed) }

    private func fetchRemoteResponses() {
        let (frames, count, hasLarge) = remote.withLock { remote in
            defer { remote = RemoteResponses() }
            return (remote.frames, remote.count, remote.hasLarge)
        }
        // After what stands before them.
        if frames.count > Self.copiedBytes {
            send()
            frames.withUnsafeBytes { send($0) }
        } else {
            buffers.lend(to: &outgoing)
            outgoing.append(contentsOf: frames)
        }
        answered(count)
        if hasLarge { large.answered() }
        beginLarge()
    }

    /// Has `begin` called with what answers the request, at once or when it is its turn: see `LargeAnswers`.
    func queueLarge(_ request: Request, _ begin: @escaping (Responder) -> Void) {
        let responder = makeResponder(for: request)
        large.add(responder, bytes: request.message.count, isCongested: isWaitingForReader, begin)?()
    }

    private func beginLarge() {
        large.next(isCongested: isWaitingForReader)?()
    }

    private var isWaitingForReader: Bool {
        outgoing.count + unsent.load(ordering: .relaxed) > limits.gatheredBytes
    }

    package var frameLimit: Int { limits.frameBytes }

    // MARK: The way out

    /// `tls` encrypts what is sent, where it is.
    func open(_ context: ChannelHandlerContext, tls: TLSHandler?) {
        let output: any AnswerOutput = tls ?? SocketOutput(context)
        output.onTaken = { [unowned self] in
            progress()
            beginLarge()
            closeIfDone()
        }
        self.output = output
    }

    /// Sends what has gathered; closes when the server stops and nothing more is owed.
    func flush() {
        send()
        closeIfDone()
        if state.isDrained && !isLingering {
            // The client, told to go, closes when its last answer is there. One that does not is not waited for long.
            isLingering = true
            eventLoop.scheduleTask(in: Self.linger) { self.close() }
        }
    }

    /// The client sends no more. What it has asked for it still gets.
    func inputEnded() {
        hasInputEnded = true
        closeIfDone()
    }

    /// When the client sends no more, and has all that it asked for.
    func closeIfDone() {
        guard hasInputEnded, state.phase != .closed, state.inFlight == 0, !hasMoreToServe, outgoing.count == 0,
            output?.unsentBytes ?? 0 == 0
        else { return }
        close()
    }

    private func send() {
        guard outgoing.bytes.capacity > 0 else { return }
        // Taken out, for what is sent may let the client's next requests be served, before this returns.
        var bytes = ByteWriter()
        swap(&bytes, &outgoing)
        bytes.bytes.withUnsafeBytes { send($0) }
        if isReading && outgoing.bytes.capacity == 0 {
            bytes.removeAll()
            swap(&bytes, &outgoing)
        } else {
            buffers.takeBack(&bytes)
        }
    }

    private func send(_ bytes: UnsafeRawBufferPointer) {
        if bytes.count == 0 { return }
        isSending = true
        output?.send(bytes)
        isSending = false
        progress()
    }

    /// Bytes that the client took, and those that it has yet to take.
    @discardableResult
    func progress() -> (taken: Int, unsent: Int) {
        guard let output else { return (0, 0) }
        let bytes = output.unsentBytes
        unsent.store(bytes, ordering: .relaxed)
        if bytes > 0 { onUnsent?(bytes) }
        return (output.sentBytes - bytes, bytes)
    }

    /// Says why on the connection itself, then closes it.
    func close(because error: RPCError) {
        outgoing.append(failure: error, to: 0, Operation.hello.rawValue)
        flush()
        state.closed()
        // Closing at once would reset the connection while the client still sends, and the reason would be lost.
        channel.close(mode: .output, promise: nil)
        eventLoop.scheduleTask(in: Self.linger) { self.close() }
    }

    func close() {
        state.closed()
        channel.close(promise: nil)
    }

    /// Nothing can be sent any more.
    func ended() {
        hasEnded.store(true, ordering: .relaxed)
        state.closed()
        output?.end()
        output = nil
        onUnsent = nil
        large.removeAll()
        outgoing = ByteWriter()
    }

    /// Stops taking requests. The client is told, so that it sends its next ones elsewhere.
    func drain() {
        switch state.drain() {
        case .nothing: break
        case .close: close()
        case .sayGoodbye:
            outgoing.append(failure: RPCError(.unavailable, "the server is stopping"), to: 0, Operation.hello.rawValue)
            if !isReading { flush() }
        }
    }

    /// Answers from elsewhere that are larger leave from where they stand.
    private static let copiedBytes = 16 << 10
    private static let linger = TimeAmount.milliseconds(500)
}
