internal import Tables

/// Where the records of a batch become partials of one table version.
///
/// A batch is one call. What is taken for a checkpoint leaves the sink; should the checkpoint fail, the processor empties
/// all its sinks and reads the records again.
final class TableSink: PositionedSink {
    let version: VersionID
    let isStandby: Bool
    /// Of a version whose load holds every record before it: those are passed over, for ever.
    let earliestEventTime: Int64?
    /// Of the same table, and stands where this one does: it takes all that this one would take. Never itself has one.
    private(set) var leader: TableSink?
    /// For those that follow this sink where its checkpoints come more often than theirs.
    private(set) var kept = KeptMerges()
    private let makePartials: () -> any Partials
    private var current: any Partials
    /// What a checkpoint gave back.
    private var spare: (any Partials)?
    /// Rows that were passed over for their event time, and how many of them the last checkpoint took.
    private var stragglerCount: Int64 = 0
    private var takenStragglerCount: Int64 = 0

    init(
        _ version: VersionID, isStandby: Bool = false, earliestEventTime: Int64? = nil,
        _ makePartials: @escaping () -> any Partials
    ) {
        self.version = version
        self.isStandby = isStandby
        self.earliestEventTime = earliestEventTime
        self.makePartials = makePartials
        current = makePartials()
    }

    var id: SinkID { .table(version) }
    /// Keys that have a partial; those of a leader are counted once.
    var groupCount: Int { leader == nil ? current.groupCount : 0 }
    /// About what the partials take in memory.
    var byteCount: Int { leader == nil ? current.byteCount : 0 }
    /// What waits in memory for the checkpoint of those that follow.
    var keptByteCount: Int { kept.byteCount }

    /// Takes those of `rows` that do not come before `firstRow`, nor before the version's event time; returns which.
    func apply(
        _ batch: EvaluatedBatch, _ rows: KeyedRows, from firstRow: Int, _ stopwatch: inout Stopwatch
    ) -> KeyedRows {
        var rows = rows
        if let time = earliestEventTime, let rest = rows.without(batch, before: time, from: firstRow) {
            rows = rest.rows
            stragglerCount += Int64(rest.count)
        }
        if leader == nil { current.apply(batch, rows, from: firstRow, &stopwatch) }
        return rows
    }

    /// From now on both come to the same partials, or, with nil, each to its own. Neither may have any.
    func follow(_ leader: TableSink?) {
        precondition(current.groupCount == 0 && leader?.groupCount ?? 0 == 0, "there are partials of before")
        self.leader = leader
    }

    /// Every partial; leaves the sink empty.
    func takePartials() -> any Partials {
        defer { current = spare.take() ?? makePartials() }
        return current
    }

    /// Goes on counting stragglers from what is stored.
    func load(_ positions: [PositionKey: StoredPosition]) {
        stragglerCount = Int64(clamping: Stragglers.count(in: positions))
        takenStragglerCount = stragglerCount
    }

    /// What a checkpoint has to say of stragglers, which from now on counts as said; nil where that is nothing new.
    func takeStragglers() -> StoredPosition? {
        guard stragglerCount != takenStragglerCount else { return nil }
        takenStragglerCount = stragglerCount
        return Stragglers.position(of: id, count: stragglerCount)
    }

    /// What was taken is written.
    func putBack(_ partials: any Partials) {
        partials.removeAll()
        spare = partials
    }

    func removeAll() {
        current.removeAll()
        kept = KeptMerges()
    }
}
