internal import Foundation
internal import Synchronization

/// How far long work has come, on standard error; shown only on a terminal, and wiped off at the end.
final class ProgressBar: Sendable {
    private static let redrawSeconds = 0.1
    private static let barWidth = 30

    private struct State {
        var lastDrawn = 0.0
        var isShown = false
    }

    private let title: String
    private let started = Date()
    private let isOnTerminal = isatty(STDERR_FILENO) == 1
    private let state = Mutex(State())

    init(_ title: String) {
        self.title = title
    }

    /// - Parameters:
    ///   - fraction: what is done, from 0 to 1; nil where nobody knows the end.
    ///   - detail: how much that is, such as `12,000 records`.
    func show(_ fraction: Double?, _ detail: @autoclosure () -> String) {
        guard isOnTerminal else { return }
        let elapsed = -started.timeIntervalSinceNow
        state.withLock { state in
            guard !state.isShown || elapsed - state.lastDrawn >= Self.redrawSeconds else { return }
            state = State(lastDrawn: elapsed, isShown: true)
            var line = title
            if let fraction {
                let share = min(max(fraction, 0), 1)
                let filled = Int(share * Double(Self.barWidth))
                line += " [" + String(repeating: "#", count: filled)
                line += String(repeating: "-", count: Self.barWidth - filled) + "]"
                line += String(format: " %3.0f%%", share * 100)
            }
            line += "  \(detail())  \(HumanText.seconds(elapsed))"
            draw("\r\u{1b}[K" + line)
        }
    }

    func finish() {
        state.withLock { state in
            if state.isShown { draw("\r\u{1b}[K") }
            state.isShown = false
        }
    }

    private func draw(_ text: String) {
        drawOnStandardError(text)
    }
}
