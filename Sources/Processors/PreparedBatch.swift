internal import Categories

// The work on a batch has two halves. Preparing (read, decode, join, evaluate, encode and hash keys) is most of it, needs nothing
// but the records, and so may be done by any thread. Applying (watermark, group, aggregate) has the states, and is done by
// one thread in the order of each bucket.

/// Consecutive records of one bucket, ready to be applied.
struct PreparedBatch: Sendable {
    let bucket: Int
    /// At least one; what is refused of them is kept as a dead letter.
    let records: LogRecords
    /// The next record to read.
    let end: Int64
    /// Of the last record.
    let appendTime: Int64
    /// For each input table over the category.
    let inputs: [PreparedInput]
    /// Where the time of preparing went.
    let times: StageTimes
}

/// A batch as the tables over one input table take it.
struct PreparedInput: Sendable {
    var batch: EvaluatedBatch
    /// For each of the plans.
    var rows: [KeyedRows]
    /// For each of the outputs.
    var outputs: [RenderedRecords] = []
    /// In no order, and perhaps more than one of a record.
    var refusals: [Refusal]
    /// Records that needed a row of a joined table and found none, once for each join.
    var unmatched = 0
    /// Rows that a batch leaves to the category, for their event time.
    var leftOut = 0
}

/// The rows that one table takes, with their keys.
struct KeyedRows: Sendable {
    /// 0, to be replaced by the group's slot; `noSlot` for rows that are passed over.
    var slots: [UInt32]
    var keys: KeyBatch
    /// Of a table with panes.
    var paneStarts: [Int64]?
}

/// A record that some table cannot take.
struct Refusal: Sendable {
    /// Index into the records of the batch.
    var record: Int
    var reason: String
}
