import Foundation
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import RPC
@testable import Server

@Suite("Threads for work that waits, and the queue before them")
struct WorkPoolTests {
    /// A pool of one thread, which is held until `release`.
    private final class HeldPool: Sendable {
        let pool: WorkPool
        let outcomes = Mutex<[String]>([])
        private let gate = DispatchSemaphore(value: 0)
        private let begun = DispatchSemaphore(value: 0)
        let connection: ServerConnection

        private struct Nobody: RequestHandler {
            func handle(_ burst: RequestBurst) {}
        }

        init(_ limits: WorkPool.Limits) throws {
            let channel = EmbeddedChannel()
            connection = ServerConnection(
                channel: channel, limits: RPCLimits(), buffers: LoopBuffers(channel.eventLoop, Nobody()))
            pool = WorkPool("test", "the test has enough", threads: 1, limits)
            try pool.submit(deadline: .distantFuture, for: connection) { [begun, gate] _ in
                begun.signal()
                gate.wait()
            }
            // What a thread has taken waits no longer.
            begun.wait()
        }

        func submit(_ name: String, weight: Int = 1, deadline: NIODeadline = .distantFuture) throws {
            try pool.submit(weight: weight, deadline: deadline, for: connection) { [self] refusal in
                outcomes.withLock { $0.append(refusal.map { "\(name): \($0.code)" } ?? name) }
            }
        }

        func release() async {
            gate.signal()
            await pool.finish()
        }
    }

    @Test("what finds the queue full is refused at once, with an error that a retry can mend, and is not run")
    func overflow() async throws {
        let held = try HeldPool(WorkPool.Limits(requests: 2))
        try held.submit("first")
        try held.submit("second")
        let error = #expect(throws: RPCError.self) { try held.submit("third") }
        #expect(error?.code == .overloaded && error?.isRetriable == true)
        #expect(error?.message.contains("the test has enough") == true)
        await held.release()
        #expect(held.outcomes.withLock { $0 } == ["first", "second"])
        #expect(held.pool.refusedCount == 1)
        #expect(held.pool.waitingCount == 0)
    }

    @Test("the queue is bounded by weight too, and one request that is heavier than it is not refused for ever")
    func weight() async throws {
        let held = try HeldPool(WorkPool.Limits(requests: 10, weight: 100))
        try held.submit("heavy", weight: 1000)
        #expect(throws: RPCError.self) { try held.submit("light", weight: 1) }
        await held.release()
        #expect(held.outcomes.withLock { $0 } == ["heavy"])
    }

    @Test("work whose deadline has passed when its turn comes is not done, and is counted")
    func expiry() async throws {
        let held = try HeldPool(WorkPool.Limits(requests: 10))
        try held.submit("expired", deadline: .now())
        try held.submit("in time")
        await held.release()
        #expect(held.outcomes.withLock { $0 } == ["expired: deadlineExceeded", "in time"])
        #expect(held.pool.droppedCount == 1)
    }
}
