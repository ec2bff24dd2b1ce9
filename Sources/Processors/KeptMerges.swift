internal import Synchronization
internal import Tables

// A standby that stands where the serving version stands would come to the same partials again. Instead it gets what the serving
// version's checkpoints merged, only later: these are kept until a checkpoint has the standbys too. Nothing of that is
// durable before, nor is a position of a standby, so after a crash or a failure the records are simply read again.

/// What checkpoints merged into a serving version, and have yet to merge into the standbys that follow it.
///
/// Checkpoints add to it and take from it on their writer's thread, one at a time; the app's thread only asks how much it is.
final class KeptMerges: Sendable {
    private let merges = Mutex(MergeCollection())
    private let lastByteCount = Atomic<Int>(0)

    /// Does not wait for a checkpoint that is at work.
    var byteCount: Int { lastByteCount.load(ordering: .relaxed) }

    /// What the next checkpoints' are to be merged with.
    func add(_ newer: VersionMerges) {
        merges.withLock { merges in
            merges.add(newer)
            lastByteCount.store(merges.byteCount, ordering: .relaxed)
        }
    }

    /// All that was kept and then `newer`, as one for each of `versions`; keeps nothing.
    func take(with newer: VersionMerges, for versions: [UInt32]) -> [VersionMerges] {
        let all = merges.withLock { merges in
            defer { lastByteCount.store(0, ordering: .relaxed) }
            // Most of the work of combining is for nothing where there is only one.
            if merges.byteCount == 0 { return Optional(newer) }
            merges.add(newer)
            return merges.take(for: newer.version)
        }
        guard let all, !all.isEmpty else { return [] }
        return all.of(versions)
    }
}

extension VersionMerges {
    /// The same for each of several versions; all share the bytes of keys and operands.
    func of(_ versions: [UInt32]) -> [VersionMerges] {
        versions.map { version in
            var merges = self
            merges.version = version
            return merges
        }
    }
}
