internal import NIOCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The way out of a connection: bytes go to the socket from where they stand, and only what it does not take at once is
/// copied, for NIO to send when it does.
///
/// Used on the event loop of its channel.
final class SocketOutput {
    /// nil where the channel has no socket: then all goes through NIO.
    private let descriptor: CInt?
    private let context: ChannelHandlerContext
    /// Writes that NIO has yet to finish; nothing may overtake them.
    private var pendingWrites = 0
    private(set) var sentBytes = 0
    private let onTaken: () -> Void

    /// What is sent leaves `context`'s handler towards the socket: straight there where `isNearest`, for no handler has to
    /// see it. `onTaken` is called when the last of what the socket did not take at once has gone.
    init(_ context: ChannelHandlerContext, isNearest: Bool, onTaken: @escaping () -> Void) {
        self.context = context
        self.onTaken = onTaken
        guard isNearest else {
            descriptor = nil
            return
        }
        let descriptor = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { $0 }
        self.descriptor = descriptor ?? nil
    }

    /// What the socket has not taken yet.
    var unsentBytes: Int {
        if pendingWrites == 0 { return 0 }
        return (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    func send(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0 else { return }
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
}
