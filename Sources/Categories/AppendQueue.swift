internal import Foundation

/// What waits for the writer: bounded, so that a slow disk turns into refused appends and not into memory.
final class AppendQueue: Sendable {
    private let greatestBytes: Int
    private let greatestGroupBytes: Int
    private let condition = NSCondition()
    private nonisolated(unsafe) var state = State()
    // Touched only with the condition locked.

    private struct State {
        var pending: [PendingAppend] = []
        /// Of what is pending and of the group that is being written.
        var byteCount = 0
        var isClosed = false
    }

    /// Groups take at most `greatestGroupBytes`, or one append.
    init(greatestBytes: Int, greatestGroupBytes: Int) {
        self.greatestBytes = greatestBytes
        self.greatestGroupBytes = greatestGroupBytes
    }

    func add(_ append: PendingAppend) throws(CategoriesError) {
        guard append.byteCount <= greatestBytes else {
            throw CategoriesError(
                .invalidArgument, "an append of \(append.byteCount) bytes exceeds the \(greatestBytes) that may wait")
        }
        condition.lock()
        defer { condition.unlock() }
        guard !state.isClosed else { throw CategoriesError(.unavailable, "the log is closed") }
        guard state.byteCount + append.byteCount <= greatestBytes else {
            throw CategoriesError(.overloaded, "\(state.byteCount) bytes wait to be appended already")
        }
        state.byteCount += append.byteCount
        state.pending.append(append)
        condition.signal()
    }

    /// What has gathered, once there is anything or the time is over; nil when closed and empty.
    func take(seconds: Double?) -> [PendingAppend]? {
        let limit = seconds.map { Date(timeIntervalSinceNow: $0) }
        condition.lock()
        defer { condition.unlock() }
        while state.pending.isEmpty {
            if state.isClosed { return nil }
            if let limit {
                if !condition.wait(until: limit) { return [] }
            } else {
                condition.wait()
            }
        }
        var bytes = 0
        let count =
            state.pending.firstIndex { append in
                bytes += append.byteCount
                return bytes > greatestGroupBytes
            } ?? state.pending.count
        let group = Array(state.pending.prefix(max(1, count)))
        state.pending.removeFirst(group.count)
        return group
    }

    /// The group is written, or refused: its bytes wait no more.
    func finish(_ group: [PendingAppend]) {
        condition.lock()
        state.byteCount -= group.reduce(0) { $0 + $1.byteCount }
        condition.unlock()
    }

    /// Takes no more; the writer ends after what is pending.
    func close() {
        condition.lock()
        state.isClosed = true
        condition.broadcast()
        condition.unlock()
    }
}
