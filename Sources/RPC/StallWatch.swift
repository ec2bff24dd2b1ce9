internal import NIOCore

/// Whether a client still takes its answers and finishes the frames that it begins.
///
/// A client that owes nothing may be silent for ever; one that is owed something and does not move for the time allowed is
/// in the way: its memory is held for nobody. Progress is counted in bytes, for one byte now and then keeps no connection.
struct StallWatch {
    private let timeout: TimeAmount
    private let stallBytes: Int
    private var answers: Side?
    private var frame: Side?

    private struct Side {
        var doneBytes: Int
        var owedBytes: Int
        var since: NIODeadline
    }

    init(timeout: TimeAmount, stallBytes: Int) {
        self.timeout = timeout
        self.stallBytes = stallBytes
    }

    enum Verdict: Hashable { case idle, watch, answersNotRead, frameNotFinished }

    /// How often to look while there is something to watch.
    var interval: TimeAmount { .nanoseconds(max(1, timeout.nanoseconds / 4)) }

    /// What is known now: bytes that the client took, and those that it has yet to take; bytes that it sent, and those that
    /// are missing of the frame that it has begun.
    mutating func look(
        takenBytes: Int, unsentBytes: Int, receivedBytes: Int, missingBytes: Int, now: NIODeadline
    ) -> Verdict {
        if isStalled(&answers, done: takenBytes, owed: unsentBytes, now) { return .answersNotRead }
        // While it does not take its answers, nothing of it is read.
        if isStalled(&frame, done: receivedBytes, owed: unsentBytes > 0 ? 0 : missingBytes, now) {
            return .frameNotFinished
        }
        return answers == nil && frame == nil ? .idle : .watch
    }

    private func isStalled(_ side: inout Side?, done: Int, owed: Int, _ now: NIODeadline) -> Bool {
        guard owed > 0 else {
            side = nil
            return false
        }
        guard let last = side, done - last.doneBytes < min(stallBytes, last.owedBytes) else {
            side = Side(doneBytes: done, owedBytes: owed, since: now)
            return false
        }
        return now - last.since >= timeout
    }
}
