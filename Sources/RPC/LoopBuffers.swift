internal import Bytes
internal import NIOCore
internal import Synchronization

/// What the connections of one event loop share: working memory, so that an idle one keeps none, and the end of the loop's turns.
///
/// Used on that event loop.
final class LoopBuffers {
    let turn: LoopTurn
    /// Where the answers of a burst gather; empty while a connection has it.
    private var spare = ByteWriter()
    /// The requests of a burst; empty while a connection has them.
    private var requests: [Request] = []

    init(_ eventLoop: any EventLoop, _ handler: any RequestHandler) {
        turn = LoopTurn(eventLoop, handler)
    }

    /// Gives the working memory to a connection that has none.
    func lend(to outgoing: inout ByteWriter) {
        if outgoing.bytes.capacity == 0 { swap(&outgoing, &spare) }
    }

    /// Takes it back, unless one burst was so large that it would be kept for nothing.
    func takeBack(_ outgoing: inout ByteWriter) {
        outgoing.removeAll()
        if spare.bytes.capacity == 0 && outgoing.bytes.capacity <= Self.keptCapacity { swap(&outgoing, &spare) }
        if outgoing.bytes.capacity > 0 { outgoing = ByteWriter() }
    }

    func lend(to requests: inout [Request]) {
        swap(&self.requests, &requests)
    }

    func takeBack(_ requests: inout [Request]) {
        requests.removeAll(keepingCapacity: true)
        swap(&self.requests, &requests)
    }

    private static let keptCapacity = 1 << 20
}

/// What connections share on each of a listener's event loops.
final class LoopBufferSet: Sendable {
    private let handler: any RequestHandler
    private let buffers = Mutex<[ObjectIdentifier: LoopBound]>([:])

    private struct LoopBound: @unchecked Sendable {
        // Only the event loop that it belongs to gets it.
        let buffers: LoopBuffers
    }

    init(_ handler: any RequestHandler) {
        self.handler = handler
    }

    /// To be called on `eventLoop`.
    func buffers(of eventLoop: any EventLoop) -> LoopBuffers {
        buffers.withLock { buffers in
            if let own = buffers[ObjectIdentifier(eventLoop)] { return own }
            let own = LoopBound(buffers: LoopBuffers(eventLoop, handler))
            buffers[ObjectIdentifier(eventLoop)] = own
            return own
        }.buffers
    }
}
