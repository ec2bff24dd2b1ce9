internal import Foundation

/// Threads that do one job side by side, while whoever started them looks on.
final class BuildThreads: Sendable {
    /// Expressions may nest deeply.
    private static let stackBytes = 8 << 20

    private let condition = NSCondition()
    private nonisolated(unsafe) var running = 0
    // Touched only with the condition locked.
    private nonisolated(unsafe) var firstFailure: BulkLoadError?
    // Touched only with the condition locked.

    static var count: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }

    /// Each thread is given its number.
    init(_ count: Int, _ body: @escaping @Sendable (Int) throws(BulkLoadError) -> Void) {
        running = count
        for number in 0..<count {
            let thread = Thread { [self] in
                let result = Result { () throws(BulkLoadError) in try body(number) }
                condition.lock()
                running -= 1
                if case .failure(let error) = result { firstFailure = firstFailure ?? error }
                condition.broadcast()
                condition.unlock()
            }
            thread.name = "maser-build"
            thread.stackSize = Self.stackBytes
            thread.start()
        }
    }

    /// What ended one of them first.
    var failure: BulkLoadError? {
        condition.lock()
        defer { condition.unlock() }
        return firstFailure
    }

    /// Until all have ended; calls `look` now and then.
    func wait(_ look: () -> Void = {}) {
        while true {
            condition.lock()
            if running > 0 { _ = condition.wait(until: Date(timeIntervalSinceNow: 0.1)) }
            let isRunning = running > 0
            condition.unlock()
            look()
            if !isRunning { return }
        }
    }
}
