internal import Synchronization

/// Whether the catalog was left undecided by a change: neither the former generation nor the next may run until the catalog
/// can be read again.
final class UnsettledChange: Sendable {
    private static let spacingMicroseconds: Int64 = 1_000_000

    /// When it is to be tried to read it; nil where everything is settled.
    private let nextTry = Mutex<Int64?>(nil)

    func begin() {
        nextTry.withLock { $0 = 0 }
    }

    func end() {
        nextTry.withLock { $0 = nil }
    }

    /// true now and then, as long as something is unsettled.
    func isDue(_ now: Int64) -> Bool {
        nextTry.withLock { nextTry in
            guard let time = nextTry, time <= now else { return false }
            nextTry = now + Self.spacingMicroseconds
            return true
        }
    }
}
