internal import Tables

/// Where the records of a batch become partials of one table version.
///
/// A batch is one call. What is taken for a checkpoint leaves the sink; should the checkpoint fail, the processor empties
/// all its sinks and reads the records again.
final class TableSink: PositionedSink {
    let version: VersionID
    let isStandby: Bool
    private let makePartials: () -> any Partials
    private var current: any Partials
    /// What a checkpoint gave back.
    private var spare: (any Partials)?

    init(_ version: VersionID, isStandby: Bool = false, _ makePartials: @escaping () -> any Partials) {
        self.version = version
        self.isStandby = isStandby
        self.makePartials = makePartials
        current = makePartials()
    }

    var id: SinkID { .table(version) }
    /// Keys that have a partial.
    var groupCount: Int { current.groupCount }
    /// About what the partials take in memory.
    var byteCount: Int { current.byteCount }

    /// Takes those of `rows` that do not come before `firstRow`.
    func apply(_ batch: EvaluatedBatch, _ rows: KeyedRows, from firstRow: Int, _ stopwatch: inout Stopwatch) {
        current.apply(batch, rows, from: firstRow, &stopwatch)
    }

    /// Every partial; leaves the sink empty.
    func takePartials() -> any Partials {
        defer { current = spare.take() ?? makePartials() }
        return current
    }

    /// What was taken is written.
    func putBack(_ partials: any Partials) {
        partials.removeAll()
        spare = partials
    }

    func removeAll() {
        current.removeAll()
    }
}
