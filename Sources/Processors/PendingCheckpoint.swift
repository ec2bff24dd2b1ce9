internal import Tables

/// All partials and positions of an app at one moment, on their way to the table store.
///
/// Whatever is applied after it was taken belongs to the next one. Until it is written, or known to have failed, no other is
/// taken, for the store must have them in their order.
struct PendingCheckpoint: Sendable {
    let generation: UInt64
    /// By the place of their sinks among the app's.
    let partials: [(sink: Int, partials: any Partials)]
    let positions: [StoredPosition]

    /// On any thread. After an error nothing is certain but what the store says once it has recovered.
    func write(to tables: TableStore, clock: ProcessorClock) throws(ProcessorsError) -> StageTimes {
        var stopwatch = Stopwatch(clock)
        let checkpoint = Checkpoint(
            generation: generation, merges: partials.map { $0.partials.takeMerges() }, positions: positions)
        stopwatch.charge(\.encode)
        do {
            try tables.commit(checkpoint)
        } catch {
            throw ProcessorsError(tables: error, "writing a checkpoint", code: .commitFailed)
        }
        stopwatch.charge(\.commit)
        return stopwatch.times
    }
}
