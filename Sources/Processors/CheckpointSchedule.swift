// A checkpoint costs a merge for every key that was touched since the last one, so the later it comes, the more records
// share that cost; but what it holds is invisible until then. So a processor that has caught up makes what it
// has visible as soon as its app's spacing allows, and one that is behind works through batches until the bounds below.

/// How many partials an app may have, of all its tables together; as many again may be on their way to the store.
package struct PartialsBounds: Sendable {
    package var groupCount = 1 << 18
    package var byteCount = 96 << 20

    package init() {}
}

/// Decides when partials become a checkpoint. Pure: it is told the time.
struct CheckpointSchedule {
    /// What a processor does next.
    enum Step: Equatable {
        case read
        case checkpoint
        /// Until a record comes, or until the time given.
        case sleep(until: UInt64?)
    }

    /// However far behind, at least once a second.
    static let longestNanoseconds: UInt64 = 1_000_000_000

    private let spacingNanoseconds: UInt64
    private let bounds: PartialsBounds
    private var last: UInt64

    init(spacingMilliseconds: Int, bounds: PartialsBounds = PartialsBounds(), startedAt now: UInt64) {
        last = now
        self.bounds = bounds
        spacingNanoseconds = UInt64(max(0, spacingMilliseconds)) * 1_000_000
    }

    /// `isDirty`: there are records that no checkpoint covers. `isDrained`: there is nothing to read.
    /// `isCommitting`: the last checkpoint is still being written; its end wakes the sleeper.
    func next(
        at now: UInt64, isDirty: Bool, isDrained: Bool, isCommitting: Bool = false, groupCount: Int, byteCount: Int
    ) -> Step {
        guard isDirty else { return isDrained ? .sleep(until: nil) : .read }
        if groupCount >= bounds.groupCount || byteCount >= bounds.byteCount {
            // What was read may not grow further: this is where slow commits slow the inputs.
            return isCommitting ? .sleep(until: nil) : .checkpoint
        }
        let age = now > last ? now - last : 0
        if isDrained {
            if isCommitting { return .sleep(until: nil) }
            return age >= spacingNanoseconds ? .checkpoint : .sleep(until: last + spacingNanoseconds)
        }
        return age >= max(spacingNanoseconds, Self.longestNanoseconds) && !isCommitting ? .checkpoint : .read
    }

    mutating func didCheckpoint(at now: UInt64) {
        last = now
    }
}
