internal import Bytes
internal import NIOCore
internal import Synchronization

/// Working memory that the connections of one event loop take turns with, so that an idle one keeps none.
///
/// Used on that event loop.
final class LoopBuffers {
    /// Where the answers of a burst gather; empty while a connection has it.
    private var spare = ByteWriter()
    /// The requests of a burst; empty while a connection has them.
    private var requests: [Request] = []

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

/// The working memory of a listener's event loops.
final class LoopBufferSet: Sendable {
    private let buffers = Mutex<[ObjectIdentifier: LoopBound]>([:])

    private struct LoopBound: @unchecked Sendable {
        // Only the event loop that it belongs to gets it.
        let buffers: LoopBuffers
    }

    /// To be called on `eventLoop`.
    func buffers(of eventLoop: any EventLoop) -> LoopBuffers {
        buffers.withLock { buffers in
            if let own = buffers[ObjectIdentifier(eventLoop)] { return own }
            let own = LoopBound(buffers: LoopBuffers())
            buffers[ObjectIdentifier(eventLoop)] = own
            return own
        }.buffers
    }
}
