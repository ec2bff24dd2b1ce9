internal import Foundation

/// What every write passes. Tests shut it, to see what a disk that takes very long does to the rest.
final class WriteGate: Sendable {
    private let condition = NSCondition()
    private nonisolated(unsafe) var isShut = false
    // Touched only with the condition locked.

    func pass() {
        condition.lock()
        while isShut { condition.wait() }
        condition.unlock()
    }

    func set(shut: Bool) {
        condition.lock()
        isShut = shut
        condition.broadcast()
        condition.unlock()
    }
}
