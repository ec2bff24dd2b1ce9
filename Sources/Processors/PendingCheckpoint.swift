internal import Catalog
internal import Tables

/// All partials and positions of an app at one moment, on their way to the table store.
///
/// Whatever is applied after it was taken belongs to the next one. Until it is written, or known to have failed, no other is
/// taken, for the store must have them in their order.
struct PendingCheckpoint: Sendable {
    /// `sink` is the place among the app's; `versions` are all that get these partials.
    typealias TakenPartials = (sink: Int, versions: [UInt32], partials: any Partials)

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

    /// One for each version; all share their keys' and operands' bytes.
    private static func merges(_ taken: TakenPartials) -> [VersionMerges] {
        let merges = taken.partials.takeMerges()
        return taken.versions.map { version in
            var merges = merges
            merges.version = version
            return merges
        }
    }
}

/// What is known once a checkpoint is written.
struct WrittenCheckpoint: Sendable {
    /// Where the time of writing it went.
    let times: StageTimes
    let outputs: OutputWork
}
