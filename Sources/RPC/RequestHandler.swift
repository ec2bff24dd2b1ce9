package import NIOCore

/// What a server does with requests.
package protocol RequestHandler: Sendable {
    /// Called on the connection's event loop with all requests that one read brought, in the order of their arrival.
    ///
    /// Every request is answered exactly once: now, by `burst.answer` or `burst.fail`, which append to the one buffer
    /// that leaves when the burst has been read; or later from any thread, through the `burst.deferred` of the request.
    ///
    /// Or at the end of the event loop's turn, together with those of other connections, after `burst.turn.awaitEnd`.
    func handle(_ burst: RequestBurst)

    /// Called on an event loop: what `handle` left for the end of its turn is to be answered now. Also called when nothing was left.
    func endTurn(_ turn: LoopTurn)
}

extension RequestHandler {
    package func endTurn(_ turn: LoopTurn) {}
}

/// One request as it stands in the read buffer. Valid only while `handle` runs: what must live longer is copied.
package struct Request {
    package let operation: Operation
    package let id: UInt64
    /// When the client stops waiting; `.distantFuture` when it set no limit.
    package let deadline: NIODeadline
    package let message: UnsafeRawBufferPointer

    @inlinable
    init(operation: Operation, id: UInt64, deadline: NIODeadline, message: UnsafeRawBufferPointer) {
        self.operation = operation
        self.id = id
        self.deadline = deadline
        self.message = message
    }
}
