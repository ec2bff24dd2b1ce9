internal import Foundation

/// Wakes one sleeper. A ring that comes before the sleep ends it at once, so that none is missed.
final class Doorbell: Sendable {
    private let condition = NSCondition()
    private nonisolated(unsafe) var isRung = false
    // Touched only with the condition locked.

    func ring() {
        condition.lock()
        isRung = true
        condition.signal()
        condition.unlock()
    }

    /// Returns after a ring, or when the time is over; without a time, after a ring.
    func wait(nanoseconds: UInt64?) {
        let limit = nanoseconds.map { Date(timeIntervalSinceNow: Double($0) / 1_000_000_000) }
        condition.lock()
        defer { condition.unlock() }
        while !isRung {
            if let limit {
                if !condition.wait(until: limit) { break }
            } else {
                condition.wait()
            }
        }
        isRung = false
    }
}
