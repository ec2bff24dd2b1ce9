package import NIOCore

/// The turns of one event loop: at the end of one, when every socket that was ready has been read, requests of many connections that
/// were left for it are answered together. That costs less than one after the other, and wakes the clients less often.
///
/// Used on that event loop.
package final class LoopTurn: @unchecked Sendable {
    // It is never touched from another thread.

    /// What the request handler keeps with the loop.
    package var attachment: AnyObject?
    private let eventLoop: any EventLoop
    private let handler: any RequestHandler
    private var isAwaited = false

    init(_ eventLoop: any EventLoop, _ handler: any RequestHandler) {
        self.eventLoop = eventLoop
        self.handler = handler
    }

    /// Has `RequestHandler.endTurn` called.
    package func awaitEnd() {
        if isAwaited { return }
        isAwaited = true
        // What is to be executed comes after the sockets of this turn.
        eventLoop.execute { self.end() }
    }

    /// To be called early where a connection closes: what it asked for before is answered first.
    func end() {
        isAwaited = false
        handler.endTurn(self)
    }
}
