internal import NIOCore

/// The end of an event loop's turn, when every socket that was ready has been read: requests of many connections that were left
/// for it are answered together, which costs less than one after the other, and wakes the clients' machine less often.
///
/// Used on that event loop.
final class LoopTurn: @unchecked Sendable {
    // It is never touched from another thread.

    private let eventLoop: any EventLoop
    private let handler: any RequestHandler
    private var isAwaited = false

    init(_ eventLoop: any EventLoop, _ handler: any RequestHandler) {
        self.eventLoop = eventLoop
        self.handler = handler
    }

    /// Has `RequestHandler.endTurn` called.
    func await() {
        if isAwaited { return }
        isAwaited = true
        // What is to be executed comes after the sockets of this turn.
        eventLoop.execute { self.end() }
    }

    private func end() {
        isAwaited = false
        handler.endTurn()
    }
}
