internal import Dispatch
internal import Synchronization
internal import Tables

/// Writes the checkpoints of one app beside the thread that applies its records: one at a time.
final class CheckpointWriter: Sendable {
    typealias Outcome = Result<WrittenCheckpoint, ProcessorsError>

    private let tables: TableStore
    private let clock: ProcessorClock
    private let queue: DispatchQueue
    private let written = Mutex<Outcome?>(nil)
    private let didWrite: @Sendable () -> Void

    /// `didWrite` is called on another thread after each checkpoint.
    init(app: String, tables: TableStore, clock: ProcessorClock, didWrite: @escaping @Sendable () -> Void) {
        self.tables = tables
        self.clock = clock
        self.didWrite = didWrite
        queue = DispatchQueue(label: "checkpoint \(app)")
    }

    func begin(_ checkpoint: PendingCheckpoint) {
        queue.async { [self] in
            let outcome: Outcome = Result { () throws(ProcessorsError) in
                try checkpoint.write(to: tables, clock: clock)
            }
            written.withLock { $0 = outcome }
            didWrite()
        }
    }

    /// What became of the checkpoint that was begun; nil until that is known.
    func takeOutcome() -> Outcome? {
        written.withLock { $0.take() }
    }

    /// Returns when nothing is being written.
    func wait() {
        queue.sync {}
    }
}
