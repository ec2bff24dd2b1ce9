internal import Synchronization

/// Brings a task's cancellation together with a request's id, whichever is there first.
final class CancellationTicket: Sendable {
    private let word = Atomic<UInt64>(0)
    private static let cancelled = UInt64.max

    /// Keeps the id; true when the task was cancelled before there was one.
    func isCancelled(settingID id: UInt64) -> Bool {
        word.exchange(id, ordering: .acquiringAndReleasing) == Self.cancelled
    }

    /// The request's id, if there is one already.
    func cancel() -> UInt64? {
        let id = word.exchange(Self.cancelled, ordering: .acquiringAndReleasing)
        return id == 0 || id == Self.cancelled ? nil : id
    }
}
