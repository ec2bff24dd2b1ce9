internal import Tables

/// The partial states of one table version.
///
/// They go from hand to hand: a sink fills them on its app's thread, a checkpoint turns them into merges on another while
/// the sink fills others, and then they come back empty.
protocol Partials: AnyObject, Sendable {
    /// Keys that have a partial.
    var groupCount: Int { get }
    /// About what they take in memory.
    var byteCount: Int { get }

    /// Takes those of `rows` that do not come before `firstRow`.
    func apply(_ batch: EvaluatedBatch, _ rows: KeyedRows, from firstRow: Int, _ stopwatch: inout Stopwatch)
    /// Every partial as an operand; empties them.
    func takeMerges() -> VersionMerges
    func removeAll()
}
