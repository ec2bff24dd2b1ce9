internal import NIOCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Where a connection's answers go.
protocol AnswerOutput: AnyObject {
    func send(_ bytes: UnsafeRawBufferPointer)
    /// So far, in bytes as the socket counts them.
    var sentBytes: Int { get }
    /// What the socket has not taken yet.
    var unsentBytes: Int { get }
    /// Called when the last of that has gone.
    var onTaken: () -> Void { get set }
    func end()
}

/// The way out of a connection: bytes go to the socket from where they stand, and only what it does not take at once is
/// copied, for NIO to send when it does.
///
/// Used on the event loop of its channel.
final class SocketOutput: AnswerOutput {
    /// nil where the channel has no socket: then all goes through NIO.
    private let descriptor: CInt?
    /// nil when it has ended.
    private var context: ChannelHandlerContext?
    /// Writes that NIO has yet to finish; nothing may overtake them.
    private var pendingWrites = 0
    private(set) var sentBytes = 0
    var onTaken: () -> Void = {}

    /// What is sent leaves `context`'s handler towards the socket, straight there: no handler in between has to see it.
    init(_ context: ChannelHandlerContext) {
        self.context = context
        let descriptor = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { $0 }
        self.descriptor = descriptor ?? nil
    }

    /// What the socket has not taken yet.
    var unsentBytes: Int {
        guard pendingWrites > 0, let context else { return 0 }
        return (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    func send(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0, let context else { return }
        sentBytes += bytes.count
        var taken = 0
        if pendingWrites == 0, let descriptor, context.channel.isActive {
            // An error, too, leaves the rest to NIO, which meets it again and ends the channel.
            taken = max(0, Glibc.send(descriptor, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL)))
            if taken == bytes.count { return }
        }
        var rest = context.channel.allocator.buffer(capacity: bytes.count - taken)
        rest.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[taken...]))
        pendingWrites += 1
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { _ in
            self.pendingWrites -= 1
            if self.pendingWrites == 0 { self.onTaken() }
        }
        context.writeAndFlush(NIOAny(rest), promise: promise)
    }

    /// Nothing more can be sent.
    func end() {
        context = nil
        onTaken = {}
    }
}
