package import Bytes
package import NIOCore
package import SwiftProtobuf

/// The requests that one read brought. Valid only while `RequestHandler.handle` runs.
package struct RequestBurst {
    package let requests: [Request]
    package let connection: ServerConnection
    /// When the read arrived, from which deadlines count.
    package let arrival: NIODeadline
    /// When it is served, which is later where the client or others had to be waited for.
    package let now: NIODeadline

    @inlinable
    init(requests: [Request], connection: ServerConnection, arrival: NIODeadline, now: NIODeadline) {
        self.requests = requests
        self.connection = connection
        self.arrival = arrival
        self.now = now
    }

    /// Says that the requests cost this much beyond one key each, so that the connection's turn ends earlier.
    package func charge(_ work: Int) {
        connection.extraWork += work
    }

    /// Leaves the requests from `index` on for later: so much has gathered for the client that it is to be sent first.
    package func stop(before index: Int) {
        connection.servedCount = index
    }

    /// The event loop's. What is left for its end is answered then by `connection.answer`.
    package var turn: LoopTurn { connection.buffers.turn }

    /// Answers with the message that `body` appends to the connection's outgoing buffer. When `body` throws, what it
    /// appended is taken back and the answer is its error.
    @inlinable
    package func answer(_ request: Request, _ body: (inout ByteWriter) throws(RPCError) -> Void) {
        let start = connection.beginResponse(to: request.id, request.operation)
        do throws(RPCError) {
            try body(&connection.outgoing)
        } catch {
            connection.outgoing.takeBack(to: start)
            connection.appendFailure(error, to: request.id, request.operation.rawValue)
            return
        }
        connection.endResponse(to: request.id, request.operation, start: start)
    }

    package func answer(_ request: Request, _ message: some Message) {
        answer(request) { writer throws(RPCError) in try writer.append(message: message) }
    }

    package func fail(_ request: Request, _ error: RPCError) {
        connection.appendFailure(error, to: request.id, request.operation.rawValue)
    }

    /// Has `begin` called, on the event loop, with what answers the request, when the connection's earlier ones of this kind
    /// have their answers: for those that may be large and are made elsewhere.
    package func queueLarge(_ request: Request, _ begin: @escaping (Responder) -> Void) {
        connection.queueLarge(request, begin)
    }

    /// What answers the request later, from any thread.
    package func deferred(_ request: Request) -> Responder {
        connection.makeResponder(for: request)
    }
}

extension ByteWriter {
    /// Appends a generated message, without a length.
    package mutating func append(message: some Message) throws(RPCError) {
        do {
            bytes.append(contentsOf: try message.serializedBytes() as [UInt8])
        } catch {
            throw RPCError(.internal, "a message cannot be encoded", cause: error)
        }
    }
}

extension Request {
    /// The message as a generated type.
    package func decoded<M: Message>(_ type: M.Type = M.self) throws(RPCError) -> M {
        do {
            return try M(serializedBytes: [UInt8](message))
        } catch {
            throw RPCError(.malformedMessage, "the message of a \(operation) request cannot be read", cause: error)
        }
    }
}
