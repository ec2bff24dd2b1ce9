internal import Catalog
internal import Tables

/// All partials and positions of an app at one moment, on their way to the table store.
///
/// Whatever is applied after it was taken belongs to the next one. Until it is written, or known to have failed, no other is
/// taken, for the store must have them in their order.
struct PendingCheckpoint: Sendable {
    /// What a sink had.
    struct TakenPartials: Sendable {
        /// Its place among the app's.
        let sink: Int
        let partials: any Partials
        /// All that get these partials.
        let versions: [UInt32]
        /// Of those that follow the sink, and are written less often; nil where nobody does.
        var kept: KeptMerges?
        /// Those that follow and are written now, with all that was kept for them; where there are none, it is kept on.
        var following: [UInt32] = []
    }

    let generation: UInt64
    let partials: [TakenPartials]
    let positions: [StoredPosition]
    let semantics: Semantics
    let outputs: OutputWork

    /// On any thread. After an error nothing is certain but what the store says once it has recovered.
    func write(to tables: TableStore, clock: ProcessorClock) throws(ProcessorsError) -> WrittenCheckpoint {
        var stopwatch = Stopwatch(clock)
        var outputs = outputs
        var checkpoint = Checkpoint(
            generation: generation, merges: partials.flatMap(Self.merges), positions: positions,
            semantics: semantics)
        stopwatch.charge(\.encode)
        try outputs.prepare(&checkpoint)
        stopwatch.charge(\.output)
        do {
            try tables.commit(checkpoint)
        } catch {
            throw ProcessorsError(tables: error, "writing a checkpoint", code: .commitFailed)
        }
        stopwatch.charge(\.commit)
        try outputs.finish()
        stopwatch.charge(\.output)
        return WrittenCheckpoint(times: stopwatch.times, outputs: outputs)
    }

    private static func merges(_ taken: TakenPartials) -> [VersionMerges] {
        let merges = taken.partials.takeMerges()
        let versions = merges.isEmpty ? [] : merges.of(taken.versions)
        guard let kept = taken.kept else { return versions }
        if taken.following.isEmpty {
            kept.add(merges)
            return versions
        }
        return versions + kept.take(with: merges, for: taken.following)
    }
}

/// What is known once a checkpoint is written.
struct WrittenCheckpoint: Sendable {
    /// Where the time of writing it went.
    let times: StageTimes
    let outputs: OutputWork
}
