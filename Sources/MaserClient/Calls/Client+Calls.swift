internal import Bytes
internal import NIOCore
internal import RPC
internal import SwiftProtobuf
internal import Synchronization

extension Client {
    func deadline(_ timeout: Duration?) -> NIODeadline {
        .now() + TimeAmount(timeout ?? configuration.timeout)
    }

    /// Sends a request, again if it helps and does no harm, and returns its answer's message.
    func call(
        _ operation: RPC.Operation, _ options: CallOptions, _ body: @Sendable (inout ByteWriter) -> Void
    ) async throws(ClientError) -> ByteBuffer {
        retryBudget.withLock { $0.called() }
        var attempt = 0
        // What was sent once may land later than what the server said to another sending.
        var unanswered: RPCError?
        while true {
            attempt += 1
            do throws(RPCError) {
                let connection = try await pool.connection(deadline: options.deadline)
                return try await send(operation, options, over: connection, body)
            } catch {
                if error.mayHaveBeenDone && options.kind.repetition != .harmless { unanswered = error }
                let failure = ClientError(unanswered ?? error, changesSomething: options.kind.repetition != .harmless)
                let decision = retries.decide(
                    error, options.kind, attempt: attempt, timeLeft: options.deadline - .now(),
                    jitter: .random(in: 0...1))
                guard case .retry(let delay, let costs) = decision else { throw failure }
                try? await Task.sleep(nanoseconds: UInt64(delay.nanoseconds))
                if costs { try await pay(options, or: failure) }
            }
        }
    }

    private func send(
        _ operation: RPC.Operation, _ options: CallOptions, over connection: ClientConnection,
        _ body: @Sendable (inout ByteWriter) -> Void
    ) async throws(RPCError) -> ByteBuffer {
        let deadline =
            options.kind.repetition == .numbered
            ? retries.attemptDeadline(now: .now(), deadline: options.deadline) : options.deadline
        guard let hedging = options.hedging else {
            return try await connection.request(operation, deadline: deadline, body)
        }
        let start = NIODeadline.now()
        let delay = hedges.begin(operation, hedging)
        let answer: ByteBuffer
        if let delay, start + delay < deadline {
            var message = ByteWriter()
            body(&message)
            let read = HedgedRead(operation, message.bytes, deadline: deadline)
            answer = try await read.answer(over: connection, delay: delay) { [pool, hedges] in
                guard let other = pool.other(than: connection), hedges.pay() else { return nil }
                return other
            }
        } else {
            answer = try await connection.request(operation, deadline: deadline, body)
        }
        hedges.answered(operation, after: .now() - start)
        return answer
    }

    /// Takes a retry from the budget. Where it is spent, a read ends with the error that it had, and an append, which has to land,
    /// waits its turn.
    private func pay(_ options: CallOptions, or failure: ClientError) async throws(ClientError) {
        while !retryBudget.withLock({ $0.pay(now: .now()) }) {
            guard options.kind.repetition == .numbered, options.deadline - .now() > Self.turn, !Task.isCancelled else {
                throw failure
            }
            try? await Task.sleep(nanoseconds: UInt64(Self.turn.nanoseconds))
        }
    }

    private static var turn: TimeAmount { .milliseconds(100) }

    // MARK: Control operations

    func call(
        _ operation: RPC.Operation, isIdempotent: Bool, deadline: NIODeadline,
        _ body: @Sendable (inout ByteWriter) -> Void
    ) async throws(ClientError) -> ByteBuffer {
        try await call(
            operation, CallOptions(deadline: deadline, kind: .control(isIdempotent: isIdempotent)), body)
    }

    /// The same with generated messages.
    func call<Answer: Message>(
        _ operation: RPC.Operation, _ message: some Message, isIdempotent: Bool, deadline: NIODeadline,
        as type: Answer.Type = Answer.self
    ) async throws(ClientError) -> Answer {
        try await call(
            operation, message, CallOptions(deadline: deadline, kind: .control(isIdempotent: isIdempotent)))
    }

    func call<Answer: Message>(
        _ operation: RPC.Operation, _ message: some Message, _ options: CallOptions, as type: Answer.Type = Answer.self
    ) async throws(ClientError) -> Answer {
        var encoded = ByteWriter()
        do throws(RPCError) {
            try encoded.append(message: message)
        } catch {
            throw ClientError(error)
        }
        let answer = try await call(operation, options) { [bytes = encoded.bytes] writer in
            writer.append(contentsOf: bytes)
        }
        do {
            return try Answer(serializedBytes: [UInt8](answer.readableBytesView))
        } catch {
            throw ClientError(.protocolViolation, "the server's answer cannot be read", cause: error)
        }
    }
}
