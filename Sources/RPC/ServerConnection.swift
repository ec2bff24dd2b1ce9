package import Bytes
package import NIOCore
internal import SwiftProtobuf
internal import Synchronization

/// One client's connection: where responses gather, and what ends it.
///
/// Responses made on the event loop go straight into `outgoing`, which leaves in one write when the read burst ends.
/// Those made elsewhere gather behind a lock and are fetched by the loop once for many.
package final class ServerConnection: @unchecked Sendable {
    // `outgoing`, `state`, `isReading` and `caller` are touched on the event loop only; the rest is constant or a Mutex.

    package let eventLoop: any EventLoop
    /// Address and port of the client, for people.
    package let peer: String
    /// Whom the client's certificate names; nil without mutual TLS, and where it names nobody.
    package internal(set) var caller: String?
    /// What the request handler keeps with the connection; touched on the event loop only.
    package var attachment: AnyObject?
    /// Bytes of answers that were sent so far.
    package private(set) var answeredBytes = 0
    @usableFromInline package var outgoing = ByteWriter()
    var state: ServerConnectionState
    /// A read burst is being served: what is written leaves at its end.
    var isReading = false
    private var isLingering = false
    private let channel: any Channel
    private let limits: RPCLimits
    private let remote = Mutex(RemoteResponses())

    private struct RemoteResponses {
        var frames: [UInt8] = []
        var count = 0
        var isScheduled = false
    }

    init(channel: any Channel, limits: RPCLimits) {
        self.channel = channel
        self.limits = limits
        eventLoop = channel.eventLoop
        peer = channel.remoteAddress.map { "\($0.ipAddress ?? ""):\($0.port ?? 0)" } ?? "a client"
        state = ServerConnectionState(limits: limits)
    }

    // MARK: Responses on the event loop

    /// Starts a response; the message follows. Returns where the frame begins.
    @inlinable
    func beginResponse(to id: UInt64, _ operation: Operation) -> Int {
        let start = outgoing.count
        outgoing.append(
            FrameHeader(
                messageLength: 0, operation: operation.rawValue, flags: FrameHeader.responseFlag, requestID: id))
        return start
    }

    @usableFromInline
    func endResponse(to id: UInt64, _ operation: Operation, start: Int) {
        outgoing.finishFrame(at: start, operation, id, limit: limits.frameBytes)
        answered()
    }

    @usableFromInline
    func appendFailure(_ error: RPCError, to id: UInt64, _ operation: UInt8) {
        outgoing.append(failure: error, to: id, operation)
        answered()
    }

    private func answered() {
        state.answered()
        if !isReading { flush() }
    }

    func makeResponder(for request: Request) -> Responder {
        Responder(connection: self, id: request.id, operation: request.operation, deadline: request.deadline)
    }

    // MARK: Responses from elsewhere

    /// Takes whole frames from any thread.
    func deliver(_ frame: [UInt8]) {
        let mustSchedule = remote.withLock { remote in
            remote.frames.append(contentsOf: frame)
            remote.count += 1
            defer { remote.isScheduled = true }
            return !remote.isScheduled
        }
        if mustSchedule { eventLoop.execute { self.fetchRemoteResponses() } }
    }

    private func fetchRemoteResponses() {
        let (frames, count) = remote.withLock { remote in
            defer { remote = RemoteResponses() }
            return (remote.frames, remote.count)
        }
        outgoing.append(contentsOf: frames)
        for _ in 0..<count { state.answered() }
        if !isReading { flush() }
    }

    var frameLimit: Int { limits.frameBytes }

    // MARK: The way out

    /// Sends what has gathered; closes when the server stops and nothing more is owed.
    func flush() {
        if outgoing.count > 0 {
            answeredBytes += outgoing.count
            channel.writeAndFlush(channel.allocator.buffer(bytes: outgoing.bytes), promise: nil)
            if outgoing.bytes.capacity > Self.keptCapacity {
                outgoing = ByteWriter()
            } else {
                outgoing.removeAll()
            }
        }
        if state.isDrained && !isLingering {
            // The client, told to go, closes when its last answer is there. One that does not is not waited for long.
            isLingering = true
            eventLoop.scheduleTask(in: Self.linger) { self.close() }
        }
    }

    /// Says why on the connection itself, then closes it.
    func close(because error: RPCError) {
        outgoing.append(failure: error, to: 0, Operation.hello.rawValue)
        flush()
        state.closed()
        // Closing at once would reset the connection while the client still sends, and the reason would be lost.
        channel.close(mode: .output, promise: nil)
        eventLoop.scheduleTask(in: Self.linger) { self.close() }
    }

    func close() {
        state.closed()
        channel.close(promise: nil)
    }

    /// Stops taking requests. The client is told, so that it sends its next ones elsewhere.
    func drain() {
        switch state.drain() {
        case .nothing: break
        case .close: close()
        case .sayGoodbye:
            outgoing.append(failure: RPCError(.unavailable, "the server is stopping"), to: 0, Operation.hello.rawValue)
            if !isReading { flush() }
        }
    }

    /// What a connection keeps for its next burst when one response was large.
    private static let keptCapacity = 1 << 20
    private static let linger = TimeAmount.milliseconds(500)
}

extension ByteWriter {
    mutating func append(failure error: RPCError, to id: UInt64, _ operation: UInt8) {
        let start = count
        append(
            FrameHeader(
                messageLength: 0, operation: operation, flags: FrameHeader.responseFlag, status: error.code.rawValue,
                requestID: id))
        // Three scalar fields: there is nothing in it that could fail to encode.
        if let message: [UInt8] = try? error.wire.serializedBytes() { append(contentsOf: message) }
        finishFrame(at: start)
    }

    /// Ends a response. One that the client would refuse as too large becomes a failure that says so.
    mutating func finishFrame(at start: Int, _ operation: Operation, _ id: UInt64, limit: Int) {
        if count - start > limit {
            let error = RPCError(
                .frameTooLarge,
                "the response has \(count - start) bytes, more than the \(limit) of a frame; ask for less at once")
            bytes.removeLast(count - start)
            append(failure: error, to: id, operation.rawValue)
        } else {
            finishFrame(at: start)
        }
    }
}
