import Bytes
import NIOCore
import Synchronization
import Testing

@testable import RPC

@Suite("A client connection's books")
struct RequestLedgerTests {
    private let outcomes = Outcomes()

    private final class Outcomes: Sendable {
        let all = Mutex<[(Int, Result<ByteBuffer, RPCError>)]>([])
    }

    private func mayHaveBeenDone() -> [Bool?] {
        outcomes.all.withLock { outcomes in
            outcomes.map { _, result -> Bool? in
                if case .failure(let error) = result { error.mayHaveBeenDone } else { nil }
            }
        }
    }

    private func submit(
        _ ledger: inout RequestLedger, _ number: Int, deadline: NIODeadline = .distantFuture,
        now: NIODeadline = .uptimeNanoseconds(0), bytes: Int = 3
    ) -> UInt64? {
        let outcomes = outcomes
        let submission = ledger.submit(
            .get, deadline: deadline, now: now,
            completion: { result in outcomes.all.withLock { $0.append((number, result)) } },
            { $0.append(contentsOf: [UInt8](repeating: UInt8(number), count: bytes)) })
        if case .accepted(let id) = submission { return id }
        return nil
    }

    private func frames(_ buffer: ByteBuffer) -> [(FrameHeader, [UInt8])] {
        buffer.withUnsafeReadableBytes { bytes in
            var frames: [(FrameHeader, [UInt8])] = []
            var offset = 0
            while case .frame(let header, let message) = nextFrame(in: bytes, at: offset, limit: 1 << 20) {
                frames.append((header, [UInt8](message)))
                offset += header.frameLength
            }
            #expect(offset == bytes.count)
            return frames
        }
    }

    @Test("requests go out in order, and each answer finds its own")
    func order() {
        var ledger = RequestLedger(frameBytes: 1000, requestsInFlight: 10)
        let ids = (1...3).compactMap { submit(&ledger, $0) }
        let sent = frames(ledger.takeOutgoing(ByteBufferAllocator()))
        #expect(sent.map(\.0.requestID) == ids)
        #expect(sent.map(\.1) == [[1, 1, 1], [2, 2, 2], [3, 3, 3]])
        for id in ids.reversed() { ledger.take(id)?.completion(.success(ByteBuffer())) }
        #expect(outcomes.all.withLock { $0.map(\.0) } == [3, 2, 1])
        let again = ledger.take(ids[0])
        #expect(again == nil)
        #expect(ledger.count == 0)
    }

    @Test("an answer that comes too late meets nobody, although its place was taken again")
    func lateAnswers() {
        var ledger = RequestLedger(frameBytes: 1000, requestsInFlight: 10)
        let first = submit(&ledger, 1) ?? 0
        _ = ledger.take(first)
        let second = submit(&ledger, 2) ?? 0
        #expect(first != second)
        let (late, current) = (ledger.take(first), ledger.take(second))
        #expect(late == nil)
        #expect(current != nil)
    }

    @Test("requests beyond the limit wait here, and go out when others are answered")
    func backlog() {
        var ledger = RequestLedger(frameBytes: 1000, requestsInFlight: 2)
        let deadline = NIODeadline.uptimeNanoseconds(1_000_000_000)
        let ids = (1...5).compactMap { submit(&ledger, $0, deadline: deadline) }
        let outgoing = ledger.takeOutgoing(ByteBufferAllocator())
        #expect(frames(outgoing).count == 2)
        // The third is cancelled while it waits; nothing of it is sent.
        ledger.take(ids[2])?.fail(RPCError(.cancelled))
        #expect(mayHaveBeenDone() == [false])
        _ = ledger.take(ids[0])
        ledger.releaseBacklog(now: .uptimeNanoseconds(400_000_000))
        let released = frames(ledger.takeOutgoing(ByteBufferAllocator()))
        #expect(released.map(\.0.requestID) == [ids[3]])
        // The time that it waited here is not the server's.
        #expect(released[0].0.millisecondsLeft == 600)
        _ = ledger.take(ids[1])
        _ = ledger.take(ids[3])
        ledger.releaseBacklog(now: .uptimeNanoseconds(0))
        let rest = ledger.takeOutgoing(ByteBufferAllocator())
        #expect(frames(rest).map(\.0.requestID) == [ids[4]])
    }

    @Test("what expires is told so, and whether it was sent")
    func expiry() {
        var ledger = RequestLedger(frameBytes: 1000, requestsInFlight: 1)
        for number in 1...3 { _ = submit(&ledger, number, deadline: .uptimeNanoseconds(UInt64(number) * 100)) }
        let (expired, next) = ledger.takeExpired(at: .uptimeNanoseconds(250))
        for request in expired { request.fail(RPCError(.deadlineExceeded)) }
        #expect(next == .uptimeNanoseconds(300))
        #expect(outcomes.all.withLock { $0.map(\.0) } == [1, 2])
        #expect(mayHaveBeenDone() == [true, false])
        #expect(ledger.count == 1)
    }

    @Test("a request that no frame can hold is refused, and leaves nothing behind")
    func tooLarge() {
        var ledger = RequestLedger(frameBytes: 100, requestsInFlight: 1)
        let ids = [submit(&ledger, 1, bytes: 81), submit(&ledger, 2, bytes: 80), submit(&ledger, 3, bytes: 81)]
        #expect(ids.map { $0 != nil } == [false, true, false])
        #expect(ledger.count == 1)
        let outgoing = ledger.takeOutgoing(ByteBufferAllocator())
        #expect(frames(outgoing).count == 1)
    }
}
