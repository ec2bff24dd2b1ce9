internal import Foundation

/// The threads that prepare batches for all apps of a process, and the bound on what they have prepared.
///
/// A batch counts from before it is read until its app takes it to be applied. An app that finds no room here prepares its
/// batches itself, one at a time; so none waits for another, and what all of them hold is bounded.
final class PrepareWorkers: Sendable {
    static let shared = PrepareWorkers(threadCount: max(2, ProcessInfo.processInfo.activeProcessorCount))

    /// Expressions may nest deeply.
    private static let stackByteCount = 8 << 20
    /// So that a thread finds the next batch to prepare while others wait to be applied.
    private static let batchesPerThread = 3

    private let threadCount: Int
    let greatestBatchCount: Int
    private let condition = NSCondition()
    private nonisolated(unsafe) var state = State()
    // Touched only with the condition locked.

    private struct State {
        var jobs: [@Sendable () -> Void] = []
        /// The first of `jobs` that is not taken yet.
        var first = 0
        var batchCount = 0
        var startedThreads = 0
        var idleThreads = 0
    }

    init(threadCount: Int) {
        self.threadCount = threadCount
        greatestBatchCount = threadCount * Self.batchesPerThread
    }

    /// Counts one batch and calls `job` on a thread; false where there are too many already.
    func submit(_ job: @escaping @Sendable () -> Void) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        guard state.batchCount < greatestBatchCount else { return false }
        state.batchCount += 1
        state.jobs.append(job)
        if state.idleThreads > 0 {
            condition.signal()
        } else if state.startedThreads < threadCount {
            state.startedThreads += 1
            start()
        }
        return true
    }

    /// A batch is taken, or there was none.
    func finishBatch() {
        condition.lock()
        state.batchCount -= 1
        condition.unlock()
    }

    /// Batches that are prepared, or on the way to be.
    var batchCount: Int {
        condition.lock()
        defer { condition.unlock() }
        return state.batchCount
    }

    private func start() {
        let thread = Thread { [self] in
            while true { next()() }
        }
        thread.name = "maser-prepare"
        thread.stackSize = Self.stackByteCount
        thread.start()
    }

    private func next() -> @Sendable () -> Void {
        condition.lock()
        defer { condition.unlock() }
        while state.first == state.jobs.count {
            state.idleThreads += 1
            condition.wait()
            state.idleThreads -= 1
        }
        let job = state.jobs[state.first]
        state.first += 1
        if state.first == state.jobs.count {
            state.jobs.removeAll(keepingCapacity: true)
            state.first = 0
        }
        return job
    }
}
