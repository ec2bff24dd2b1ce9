internal import Bytes
package import NIOCore

/// A request that waits for its answer.
package struct PendingRequest {
    package typealias Completion = @Sendable (Result<ByteBuffer, RPCError>) -> Void

    var deadline: NIODeadline
    /// Whether its frame has gone to the outgoing bytes. If not, the server cannot have seen it.
    var isSent: Bool
    var completion: Completion

    /// Ends it without an answer.
    func fail(_ error: RPCError) {
        var error = error
        error.mayHaveBeenDone = isSent
        completion(.failure(error))
    }
}

/// A client connection's books, without a socket or a clock: which requests wait for an answer, which wait to be sent,
/// and the bytes that are to go out.
struct RequestLedger {
    private var pending = PendingTable<PendingRequest>()
    private var sent = 0
    /// Frames beyond `requestsInFlight`, in the order of their arrival; those before `backlogStart` have gone.
    private var backlog: [(id: UInt64, frame: [UInt8])] = []
    private var backlogStart = 0
    private(set) var outgoing = ByteWriter()

    private let frameBytes: Int
    private let requestsInFlight: Int

    init(frameBytes: Int, requestsInFlight: Int) {
        self.frameBytes = frameBytes
        self.requestsInFlight = requestsInFlight
    }

    var count: Int { pending.count }

    enum Submission {
        case accepted(UInt64)
        case refused(RPCError)
    }

    mutating func submit(
        _ operation: Operation, deadline: NIODeadline, now: NIODeadline,
        completion: @escaping PendingRequest.Completion, _ body: (inout ByteWriter) -> Void
    ) -> Submission {
        let goesOut = sent < requestsInFlight && backlogStart == backlog.count
        let id = pending.insert(PendingRequest(deadline: deadline, isSent: goesOut, completion: completion))
        let header = FrameHeader(
            messageLength: 0, operation: operation.rawValue, requestID: id,
            millisecondsLeft: Self.millisecondsLeft(deadline, now))
        let length: Int
        if goesOut {
            length = Self.append(header, body, to: &outgoing)
            if length <= frameBytes {
                sent += 1
                return .accepted(id)
            }
            outgoing.bytes.removeLast(length)
        } else {
            var frame = ByteWriter(capacity: 128)
            length = Self.append(header, body, to: &frame)
            if length <= frameBytes {
                backlog.append((id, frame.bytes))
                return .accepted(id)
            }
        }
        _ = pending.remove(id)
        return .refused(
            RPCError(
                .frameTooLarge,
                "the request has \(length) bytes, more than the \(frameBytes) of a frame; send less at once"))
    }

    private static func append(
        _ header: FrameHeader, _ body: (inout ByteWriter) -> Void, to writer: inout ByteWriter
    ) -> Int {
        let start = writer.count
        writer.append(header)
        body(&writer)
        writer.finishFrame(at: start)
        return writer.count - start
    }

    /// At least 1: 0 would say that there is no limit.
    private static func millisecondsLeft(_ deadline: NIODeadline, _ now: NIODeadline) -> UInt32 {
        guard deadline != .distantFuture else { return 0 }
        return UInt32(clamping: max(1, (deadline - now).nanoseconds / 1_000_000))
    }

    /// The request, which waits no longer; nil where nobody waits any more.
    mutating func take(_ id: UInt64) -> PendingRequest? {
        guard let request = pending.remove(id) else { return nil }
        if request.isSent { sent -= 1 }
        return request
    }

    /// Requests whose deadline has passed, which wait no longer, and the deadline that is next.
    mutating func takeExpired(at now: NIODeadline) -> (expired: [PendingRequest], next: NIODeadline?) {
        var next: NIODeadline?
        let ids = pending.ids { request in
            if request.deadline <= now { return true }
            if request.deadline < next ?? .distantFuture { next = request.deadline }
            return false
        }
        return (ids.compactMap { take($0) }, next)
    }

    mutating func takeAll() -> [PendingRequest] {
        backlog = []
        backlogStart = 0
        sent = 0
        return pending.removeAll()
    }

    /// Moves frames that waited to the outgoing bytes, now that answers have come.
    mutating func releaseBacklog(now: NIODeadline) {
        while backlogStart < backlog.count && sent < requestsInFlight {
            let (id, frame) = backlog[backlogStart]
            backlogStart += 1
            guard var request = pending[id] else { continue }
            request.isSent = true
            pending[id] = request
            sent += 1
            let start = outgoing.count
            outgoing.append(contentsOf: frame)
            let left = Self.millisecondsLeft(request.deadline, now).littleEndian
            outgoing.bytes.withUnsafeMutableBytes {
                $0.storeBytes(of: left, toByteOffset: start + FrameHeader.millisecondsOffset, as: UInt32.self)
            }
        }
        if backlogStart == backlog.count && backlogStart > 0 {
            backlog.removeAll(keepingCapacity: backlogStart < 4096)
            backlogStart = 0
        }
    }

    /// What is to be sent, which counts as sent now.
    mutating func takeOutgoing(_ allocator: ByteBufferAllocator) -> ByteBuffer {
        let buffer = allocator.buffer(bytes: outgoing.bytes)
        if outgoing.bytes.capacity > Self.keptCapacity {
            outgoing = ByteWriter()
        } else {
            outgoing.removeAll()
        }
        return buffer
    }

    /// What is kept for the next requests when one was large.
    private static let keptCapacity = 1 << 20
}
