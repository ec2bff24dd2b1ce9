internal import Dispatch
internal import Foundation
internal import Synchronization

/// A thread for what a server looks after by itself: backfills that have caught up, and how much is going on.
final class Housekeeper: Sendable {
    private static let milliseconds = 50

    private let isClosed = Mutex(false)
    private let bell = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// Calls `body` again and again, from now until `close`; to be called once.
    func start(_ body: @escaping @Sendable () -> Void) {
        let thread = Thread { [self] in
            while !isClosed.withLock({ $0 }) {
                body()
                _ = bell.wait(timeout: .now() + .milliseconds(Self.milliseconds))
            }
            ended.signal()
        }
        thread.name = "maser-keeper"
        thread.start()
    }

    /// Returns when the thread has ended; nothing the second time. Not to be called on the thread.
    func close() {
        let wasClosed = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return isClosed
        }
        if wasClosed { return }
        bell.signal()
        ended.wait()
    }
}
