internal import NIOCore
internal import Synchronization

/// Lets lines through, some at once and then a few a second: a flood of hostile connections is no flood of the log, or of the
/// disk that it is on. What was left out is counted, and said with the next line that comes through.
final class ReportLimiter: Sendable {
    static let linesAtOnce = 32.0
    static let linesPerSecond = 2.0

    private struct State {
        var level = ReportLimiter.linesAtOnce
        var filledAt: NIODeadline?
        var leftOut = 0
    }

    private let state = Mutex(State())
    private let report: @Sendable (String) -> Void

    init(_ report: @escaping @Sendable (String) -> Void) {
        self.report = report
    }

    func callAsFunction(_ line: String, now: NIODeadline = .now()) {
        let leftOut = state.withLock { state -> Int? in
            if let filledAt = state.filledAt {
                let seconds = Double((now - filledAt).nanoseconds) / 1e9
                state.level = min(Self.linesAtOnce, state.level + max(0, seconds) * Self.linesPerSecond)
            }
            state.filledAt = now
            guard state.level >= 1 else {
                state.leftOut += 1
                return nil
            }
            state.level -= 1
            defer { state.leftOut = 0 }
            return state.leftOut
        }
        guard let leftOut else { return }
        if leftOut > 0 { report("\(leftOut) more lines about connections were left out") }
        report(line)
    }
}
