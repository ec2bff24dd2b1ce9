internal import Tables

/// What the records of an input are applied to: a table version, or an output category of records.
protocol PositionedSink: AnyObject {
    var id: SinkID { get }
    /// Keys that have a partial.
    var groupCount: Int { get }
    /// About what waits for a checkpoint in memory.
    var byteCount: Int { get }

    /// Nobody reads it: its checkpoints may come late, and hold no freshness back.
    var isStandby: Bool { get }

    func removeAll()
}

extension PositionedSink {
    var isStandby: Bool { false }
}
