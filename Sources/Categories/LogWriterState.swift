internal import RocksDB

/// What the writer works on; locked while it writes.
struct LogWriterState {
    /// nil while it could not be opened again.
    var opened: LogDatabase?
    /// A write failed since it was opened.
    var isBroken = false
    /// Ids are never reused, so a late append finds out.
    var deleted: Set<UInt32> = []
    /// What is durable of them.
    let producers: ProducerTable
    let compressor = Compressor()
    /// By the clock, when to look again for what is too old.
    var upkeepDue: Int64
    /// By the clock, when to look again for producers to forget, which may be many.
    var forgettingDue: Int64
    private var injectedFailure: InjectedFailure?

    init(opened: LogDatabase, producers: ProducerTable, upkeepDue: Int64) {
        self.opened = opened
        self.producers = producers
        self.upkeepDue = upkeepDue
        forgettingDue = upkeepDue
    }

    /// For tests of what a failing disk does.
    struct InjectedFailure {
        enum Moment {
            /// Nothing is written.
            case writing
            /// The write happens, and fails only then.
            case written
            /// The write succeeds, and its sync does not.
            case syncing
        }

        let error: RocksDBError
        let moment: Moment
    }

    mutating func inject(_ failure: InjectedFailure) {
        injectedFailure = failure
    }

    mutating func takeFailure(_ isMeant: (InjectedFailure.Moment) -> Bool) -> InjectedFailure? {
        guard let failure = injectedFailure, isMeant(failure.moment) else { return nil }
        injectedFailure = nil
        return failure
    }
}
