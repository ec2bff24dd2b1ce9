internal import Bytes
internal import NIOCore
internal import RPC
internal import Synchronization

/// One read, sent once and perhaps once more. The first answer ends it; a failure does only where no answer can come any more.
final class HedgedRead: Sendable {
    typealias Outcome = Result<ByteBuffer, RPCError>

    private struct Sending {
        let connection: ClientConnection
        /// 0: not known yet.
        var id: UInt64 = 0
    }

    private struct State {
        var continuation: UnsafeContinuation<Outcome, Never>?
        var sendings: [Sending] = []
        var failures = 0
        var timer: Scheduled<Void>?
        var isDone = false
    }

    private let state = Mutex(State())
    private let operation: RPC.Operation
    private let message: [UInt8]
    private let deadline: NIODeadline

    init(_ operation: RPC.Operation, _ message: [UInt8], deadline: NIODeadline) {
        self.operation = operation
        self.message = message
        self.deadline = deadline
    }

    /// `second` is asked after `delay` for another connection to send it over; nil: do not.
    func answer(
        over first: ClientConnection, delay: TimeAmount, second: @escaping @Sendable () -> ClientConnection?
    ) async throws(RPCError) -> ByteBuffer {
        let outcome = await withTaskCancellationHandler {
            await withUnsafeContinuation { (continuation: UnsafeContinuation<Outcome, Never>) in
                state.withLock { $0.continuation = continuation }
                send(over: first)
                let timer = first.eventLoop.scheduleTask(in: delay) {
                    if self.isWaiting, let connection = second() { self.send(over: connection) }
                }
                let isDone = state.withLock { state in
                    state.timer = timer
                    return state.isDone
                }
                if isDone { timer.cancel() }
                if Task.isCancelled { finish(.failure(RPCError(.cancelled))) }
            }
        } onCancel: {
            finish(.failure(RPCError(.cancelled)))
        }
        return try outcome.get()
    }

    private var isWaiting: Bool { state.withLock { !$0.isDone } }

    private func send(over connection: ClientConnection) {
        let index = state.withLock { state in
            state.sendings.append(Sending(connection: connection))
            return state.sendings.count - 1
        }
        let completion: PendingRequest.Completion = { self.receive($0) }
        let id = connection.send(operation, deadline: deadline, completion: completion) { [message] writer in
            writer.append(contentsOf: message)
        }
        let isLate = state.withLock { state in
            if state.isDone { return true }
            state.sendings[index].id = id
            return false
        }
        if isLate { connection.cancel(id) }
    }

    private func receive(_ outcome: Outcome) {
        switch outcome {
        case .success: finish(outcome)
        case .failure:
            let isLast = state.withLock { state in
                state.failures += 1
                return state.failures == state.sendings.count
            }
            if isLast { finish(outcome) }
        }
    }

    private func finish(_ outcome: Outcome) {
        let (continuation, sendings, timer) = state.withLock { state in
            state.isDone = true
            defer { (state.continuation, state.sendings, state.timer) = (nil, [], nil) }
            return (state.continuation, state.sendings, state.timer)
        }
        guard let continuation else { return }
        timer?.cancel()
        // Whoever is asked in vain learns nothing of it; nobody waits for what it answers.
        for sending in sendings where sending.id != 0 { sending.connection.cancel(sending.id) }
        continuation.resume(returning: outcome)
    }
}
