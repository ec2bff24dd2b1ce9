package import Bytes
package import NIOCore
package import SwiftProtobuf
internal import Synchronization

/// One connection to a server, shared by any number of tasks and threads.
///
/// Requests are encoded by whoever makes them, behind a lock, into one buffer that the event loop sends when it gets
/// there: many requests cost one write. Answers come in any order; each finds its request by the id.
package final class ClientConnection: Sendable {
    package let eventLoop: any EventLoop
    private let channel: any Channel
    private let limits: RPCLimits
    private let core: Mutex<Core>
    /// What `load` says, read without the lock by who chooses among connections.
    private let loadWord = Atomic<Int>(-1)
    private let reads = Atomic<UInt64>(0)
    private let greeted: EventLoopPromise<Void>

    fileprivate struct Core {
        var state = ClientConnectionState()
        var ledger: RequestLedger
        var isFlushScheduled = false
        /// When the deadlines are looked at next.
        var sweep: NIODeadline?
    }

    init(channel: any Channel, limits: RPCLimits) {
        self.channel = channel
        self.limits = limits
        eventLoop = channel.eventLoop
        greeted = channel.eventLoop.makePromise()
        let ledger = RequestLedger(frameBytes: limits.frameBytes, requestsInFlight: limits.requestsSent)
        core = Mutex(Core(ledger: ledger))
    }

    /// Done when both sides have said hello.
    var whenGreeted: EventLoopFuture<Void> { greeted.futureResult }

    /// How many requests wait for their answer; nil where it takes none.
    package var load: Int? {
        let load = loadWord.load(ordering: .relaxed)
        return load < 0 ? nil : load
    }
    /// Whether it takes requests.
    package var isOpen: Bool { load != nil }
    package var pendingCount: Int { core.withLock { $0.ledger.count } }
    /// Rises whenever something comes from the server, be it part of an answer: a connection where it stands is idle or dead.
    package var receivedCount: UInt64 { reads.load(ordering: .relaxed) }
    /// Whether what was sent has left this process, up to what the channel may hold back.
    package var isWritable: Bool { channel.isWritable }
    /// Done when it is closed.
    package var whenClosed: EventLoopFuture<Void> { channel.closeFuture }

    /// All that changes the core goes through here, so that `load` follows.
    private func withCore<R>(_ change: (inout sending Core) -> sending R) -> sending R {
        core.withLock { core in
            defer { loadWord.store(core.state.phase == .open ? core.ledger.count : -1, ordering: .relaxed) }
            return change(&core)
        }
    }

    // MARK: Requests

    /// Sends a request whose message `body` writes. `completion` runs once: on the event loop, or on this thread when the
    /// request cannot be sent. Returns what `cancel` takes.
    @discardableResult
    package func send(
        _ operation: Operation, deadline: NIODeadline = .distantFuture,
        completion: @escaping PendingRequest.Completion, _ body: @Sendable (inout ByteWriter) -> Void
    ) -> UInt64 {
        var (mustFlush, mustSweep) = (false, false)
        let now = deadline == .distantFuture ? NIODeadline.uptimeNanoseconds(0) : NIODeadline.now()
        let submission = withCore { core in
            if let refusal = core.state.refusal { return RequestLedger.Submission.refused(refusal) }
            let submission = core.ledger.submit(
                operation, deadline: deadline, now: now, completion: completion, body)
            guard case .accepted = submission else { return submission }
            mustFlush = core.claimFlush()
            if deadline < core.sweep ?? .distantFuture {
                core.sweep = deadline
                mustSweep = true
            }
            return submission
        }
        if mustFlush { eventLoop.execute { self.flush() } }
        if mustSweep { scheduleSweep(deadline) }
        switch submission {
        case .accepted(let id): return id
        case .refused(let error):
            completion(.failure(error))
            return 0
        }
    }

    /// Sends a request and waits for its answer's message.
    package func request(
        _ operation: Operation, deadline: NIODeadline = .distantFuture, _ body: @Sendable (inout ByteWriter) -> Void
    ) async throws(RPCError) -> ByteBuffer {
        let ticket = CancellationTicket()
        let result = await withTaskCancellationHandler {
            await withUnsafeContinuation { (continuation: UnsafeContinuation<Result<ByteBuffer, RPCError>, Never>) in
                let id = send(operation, deadline: deadline, completion: { continuation.resume(returning: $0) }, body)
                if ticket.isCancelled(settingID: id) { cancel(id) }
            }
        } onCancel: {
            if let id = ticket.cancel() { cancel(id) }
        }
        return try result.get()
    }

    /// Sends a generated message and decodes the answer's.
    package func request<Answer: Message>(
        _ operation: Operation, _ message: some Message, deadline: NIODeadline = .distantFuture,
        as type: Answer.Type = Answer.self
    ) async throws(RPCError) -> Answer {
        var encoded = ByteWriter()
        try encoded.append(message: message)
        let answer = try await request(operation, deadline: deadline) { [bytes = encoded.bytes] in
            $0.append(contentsOf: bytes)
        }
        do {
            return try Answer(serializedBytes: [UInt8](answer.readableBytesView))
        } catch {
            throw RPCError(.malformedMessage, "the answer to a \(operation) request cannot be read", cause: error)
        }
    }

    /// Stops waiting for an answer.
    package func cancel(_ id: UInt64) {
        let (request, isDone) = withCore { core in (core.ledger.take(id), core.isDone) }
        request?.fail(RPCError(.cancelled))
        if isDone { channel.close(promise: nil) }
    }

    /// Takes no more requests, waits for the answers that are due, and closes.
    package func close() {
        let isDone = withCore { core in
            core.state.retire(RPCError(.unavailable, "the client was closed"))
            return core.isDone
        }
        if isDone { channel.close(promise: nil) }
    }

    // MARK: The event loop's side

    private func flush() {
        let buffer = withCore { core in
            core.isFlushScheduled = false
            return core.ledger.takeOutgoing(channel.allocator)
        }
        if buffer.readableBytes > 0 { channel.writeAndFlush(buffer, promise: nil) }
    }

    func sayHello() {
        var writer = ByteWriter()
        writer.append(hello: .ours, flags: 0)
        channel.writeAndFlush(channel.allocator.buffer(bytes: writer.bytes), promise: nil)
    }

    /// Serves all whole frames at the start of `buffer`, and leaves the rest in it.
    func receive(_ buffer: inout ByteBuffer) {
        reads.add(1, ordering: .relaxed)
        var batch = AnswerBatch()
        var offset = 0
        let start = buffer.readerIndex
        withCore { core in
            frames: while batch.violation == nil {
                let step = buffer.withUnsafeReadableBytes { nextFrame(in: $0, at: offset, limit: limits.frameBytes) }
                switch step {
                case .incomplete: break frames
                case .invalid(let code, let length):
                    batch.violation = RPCError(
                        .connectionLost, "the server sent a frame of \(length) bytes: \(code.message)")
                case .frame(let header, _):
                    // The pointer is not used: the message is a slice, which keeps the buffer alive without a copy.
                    let message = buffer.getSlice(
                        at: start + offset + FrameHeader.byteCount, length: header.messageLength)
                    offset += header.frameLength
                    core.receive(header, message ?? ByteBuffer(), &batch)
                }
            }
            core.ledger.releaseBacklog(now: .now())
            batch.mustFlush = core.claimFlush()
            batch.isDone = core.isDone
        }
        buffer.moveReaderIndex(forwardBy: offset)
        if batch.isGreeting { greeted.succeed() }
        for (request, result) in batch.answers { request.completion(result) }
        if batch.mustFlush { flush() }
        if let violation = batch.violation {
            end(violation)
        } else if batch.isDone {
            channel.close(promise: nil)
        }
    }

    /// Nothing more will come: whoever waits learns so, and whether the server may have done what was asked.
    package func end(_ error: RPCError) {
        let (reason, pending) = withCore { core in
            core.state.closed(error)
            return (core.state.ending ?? error, core.ledger.takeAll())
        }
        greeted.fail(reason)
        let lost = RPCError(.connectionLost, "the connection was lost: \(reason.message)", cause: reason)
        for request in pending { request.fail(lost) }
        channel.close(promise: nil)
    }

    // MARK: Deadlines

    private func scheduleSweep(_ time: NIODeadline) {
        eventLoop.scheduleTask(deadline: time) { self.sweep(time) }
    }

    /// Ends the requests whose deadline has passed. One timer serves them all: most are answered long before.
    private func sweep(_ time: NIODeadline) {
        let (expired, next, isDone) = withCore { core in
            guard core.sweep == time else { return ([PendingRequest](), NIODeadline?.none, false) }
            let (expired, next) = core.ledger.takeExpired(at: max(.now(), time))
            core.sweep = next
            return (expired, next, core.isDone)
        }
        for request in expired { request.fail(RPCError(.deadlineExceeded)) }
        if let next { scheduleSweep(next) }
        if isDone { channel.close(promise: nil) }
    }
}

/// What the frames of one read ask for, done when the lock is released.
private struct AnswerBatch {
    var answers: [(request: PendingRequest, result: Result<ByteBuffer, RPCError>)] = []
    var isGreeting = false
    var violation: RPCError?
    var mustFlush = false
    var isDone = false
}

extension ClientConnection.Core {
    fileprivate var isDone: Bool { state.isDone(pending: ledger.count) }

    /// Whether the caller is the one who has to send what is outgoing.
    fileprivate mutating func claimFlush() -> Bool {
        guard ledger.outgoing.count > 0, !isFlushScheduled else { return false }
        isFlushScheduled = true
        return true
    }

    fileprivate mutating func receive(_ header: FrameHeader, _ message: ByteBuffer, _ batch: inout AnswerBatch) {
        switch state.receive(header) {
        case .answer(let id):
            guard let request = ledger.take(id) else { return }
            batch.answers.append((request, header.status == 0 ? .success(message) : .failure(.init(header, message))))
        case .greet:
            let hello = try? WireHello(serializedBytes: [UInt8](message.readableBytesView))
            if let hello, state.greet(protocolVersion: hello.protocol) {
                batch.isGreeting = true
            } else {
                batch.violation = RPCError(
                    .unsupportedProtocol, "the server does not speak protocol \(rpcProtocolVersion)")
            }
        case .retire:
            let error = RPCError(header, message)
            if state.phase == .greeting { batch.violation = error } else { state.retire(error) }
        case .close: batch.violation = RPCError(.connectionLost, "the server sent a frame that is no answer")
        }
    }
}

extension RPCError {
    fileprivate init(_ header: FrameHeader, _ message: ByteBuffer) {
        let failure = (try? WireFailure(serializedBytes: [UInt8](message.readableBytesView))) ?? WireFailure()
        self.init(status: header.status, failure: failure)
    }
}
