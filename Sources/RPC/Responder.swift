package import Bytes
package import NIOCore
package import SwiftProtobuf
internal import Synchronization

/// Answers one request later, from any thread. The first answer counts; a responder that goes away without one
/// answers that the server failed, so that no client waits for nothing.
package final class Responder: Sendable {
    package let connection: ServerConnection
    package let id: UInt64
    package let operation: Operation
    package let deadline: NIODeadline
    /// Whether it has its turn among its connection's `LargeAnswers`, which ends with the answer.
    private let hasLargeTurn = Atomic(false)
    private let isAnswered = Atomic(false)

    init(connection: ServerConnection, id: UInt64, operation: Operation, deadline: NIODeadline) {
        self.connection = connection
        self.id = id
        self.operation = operation
        self.deadline = deadline
    }

    func takeLargeTurn() {
        hasLargeTurn.store(true, ordering: .relaxed)
    }

    deinit {
        fail(RPCError(.internal, "the server dropped the request"))
    }

    package func answer(_ body: (inout ByteWriter) throws(RPCError) -> Void) {
        guard !isAnswered.exchange(true, ordering: .relaxed) else { return }
        var writer = ByteWriter(capacity: 128)
        let start = writer.beginResponse(to: id, operation)
        do throws(RPCError) {
            try body(&writer)
            writer.endResponse(to: id, operation, start: start, limit: connection.frameLimit)
        } catch {
            writer.removeAll()
            writer.append(failure: error, to: id, operation.rawValue)
        }
        connection.deliver(writer.bytes, count: 1, isLarge: hasLargeTurn.load(ordering: .relaxed))
    }

    package func answer(_ message: some Message) {
        answer { writer throws(RPCError) in try writer.append(message: message) }
    }

    package func fail(_ error: RPCError) {
        answer { _ throws(RPCError) in throw error }
    }
}
