internal import NIOCore
internal import NIOPosix
internal import RPC
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#endif

/// Threads on which requests may wait for a disk or take long, and the bounded queue before them.
///
/// What finds the queue full is refused at once: a client that hears so early can try elsewhere or later, and one whose
/// request waits for ever cannot. What nobody waits for any more when its turn comes is not done.
final class WorkPool: Sendable {
    /// What may wait, threads' own work not counted.
    struct Limits: Sendable {
        var requests: Int
        /// In what the work is measured by: keys, or bytes that it holds.
        var weight = Int.max
    }

    /// In figures.
    let label: String
    private let name: String
    private let limits: Limits
    private let niceness: CInt
    private let threads: NIOThreadPool
    private let queue = Mutex(Queue())
    private let dropped = Atomic<UInt64>(0)
    private let refused = Atomic<UInt64>(0)

    private struct Queue {
        var requests = 0
        var weight = 0
    }

    /// `name` goes on with "the server has too much to do: ". Threads with a niceness give way to those that answer lookups.
    init(_ label: String, _ name: String, threads count: Int, niceness: CInt = 0, _ limits: Limits) {
        self.niceness = niceness
        self.label = label
        self.name = name
        self.limits = limits
        threads = NIOThreadPool(numberOfThreads: count)
        threads.start()
    }

    func close() async {
        try? await threads.shutdownGracefully()
    }

    /// Waits until what was submitted so far is done; for pools of one thread.
    func finish() async {
        await withCheckedContinuation { continuation in threads.submit { _ in continuation.resume() } }
    }

    /// Requests that were not begun because nobody waited for them any more.
    var droppedCount: UInt64 { dropped.load(ordering: .relaxed) }
    /// Requests that found the queue full.
    var refusedCount: UInt64 { refused.load(ordering: .relaxed) }
    var waitingCount: Int { queue.withLock { $0.requests } }

    /// Of requests that were taken from the queue together with others.
    func countDropped(_ requests: Int) {
        if requests > 0 { dropped.wrappingAdd(UInt64(requests), ordering: .relaxed) }
    }

    /// Runs `body` on a thread of the pool, with nil, or with why the work is not to be done. Throws, and does not run it,
    /// where the queue is full.
    ///
    /// - Parameters:
    ///   - requests: how many requests it answers.
    ///   - deadline: when the last of them stops waiting.
    func submit(
        requests: Int = 1, weight: Int = 1, deadline: NIODeadline, for connection: ServerConnection,
        _ body: @escaping @Sendable (RPCError?) -> Void
    ) throws(RPCError) {
        let isFull = queue.withLock { queue in
            // One request that is larger than the queue must not find it full for ever.
            let isFull =
                queue.requests + requests > limits.requests
                || (queue.weight > 0 && queue.weight + weight > limits.weight)
            if isFull { return true }
            queue.requests += requests
            queue.weight += weight
            return false
        }
        if isFull {
            refused.wrappingAdd(UInt64(requests), ordering: .relaxed)
            throw RPCError(.overloaded, "the server has too much to do: \(name); try again later")
        }
        threads.submit { state in
            self.queue.withLock { queue in
                queue.requests -= requests
                queue.weight -= weight
            }
            guard case .active = state else { return body(RPCError(.unavailable)) }
            self.lowerPriority()
            if deadline <= .now() {
                self.dropped.wrappingAdd(UInt64(requests), ordering: .relaxed)
                return body(RPCError(.deadlineExceeded))
            }
            guard !connection.isCongested else {
                return body(RPCError(.overloaded, "answers wait for the client to read them; read them first"))
            }
            body(nil)
        }
    }

    private func lowerPriority() {
        #if canImport(Glibc)
            // On Linux 0 is the calling thread, whatever the standard says.
            if niceness > 0 { _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness) }
        #endif
    }

    /// Runs `body`, which answers one request, or answers that it is not done and why.
    func submit(_ responder: Responder, weight: Int = 1, _ body: @escaping @Sendable () -> Void) {
        do {
            try submit(weight: weight, deadline: responder.deadline, for: responder.connection) { refusal in
                if let refusal { responder.fail(refusal) } else { body() }
            }
        } catch {
            responder.fail(error)
        }
    }
}
