internal import Tables

/// Where the records of a batch become partials of one table version.
///
/// A batch is one call. What is taken for a checkpoint leaves the sink; should the checkpoint fail, the processor empties
/// all its sinks and reads the records again.
protocol TableSink: AnyObject {
    var table: UInt32 { get }
    var version: UInt32 { get }
    /// Keys that have a partial.
    var groupCount: Int { get }
    /// About what the partials take in memory.
    var byteCount: Int { get }

    /// Takes those of `rows` that do not come before `firstRow`.
    func apply(_ batch: EvaluatedBatch, _ rows: KeyedRows, from firstRow: Int, _ stopwatch: inout Stopwatch)
    /// Every partial as an operand; empties the sink.
    func takeMerges() -> VersionMerges
    func removeAll()
}
