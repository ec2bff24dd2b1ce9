internal import Catalog
internal import Categories
internal import Records
internal import Tables

// What leaves a trace in an output category for every record of an input:
//
// - exactly once: the records of an input's bucket are one producer's, each numbered with the offset that it comes from, and
//   are durable before the checkpoint that passes that offset. A replay appends them again, and the log drops what it has.
// - at least once: the same without a producer.
// - at most once: they are appended after the checkpoint, which is synced, so that nothing comes back that was appended.
//
// An output has positions of its own, as a table has, and begins where its input does: what it holds does not depend on when
// it was added to its app.

/// Gathers records for an output category until a checkpoint takes them.
final class RecordOutput: PositionedSink {
    let id: SinkID
    let plan: RecordPlan
    private let semantics: Semantics
    private let appender: OutputAppender
    /// What the ids of its producers begin with; the bucket follows. nil: it appends without one.
    private let producer: String?
    /// By bucket of the input.
    private var pending: [Int: [OutputChunk]] = [:]
    private var pendingByteCount = 0
    /// Appended since the app started.
    private(set) var recordCount: UInt64 = 0

    /// `inputCategory` is the one that its records come from.
    init(_ plan: RecordPlan, app: AppEntry, inputCategory: UInt32, stores: OutputStores) {
        self.plan = plan
        id = .category(plan.category.id)
        semantics = app.options.output
        appender = OutputAppender(plan.category, in: stores.categories)
        let hasProducer = semantics == .exactlyOnce && !stores.tables.switches.duplicatesOutputs
        producer = hasProducer ? "records/\(inputCategory)/" : nil
    }

    var groupCount: Int { 0 }

    /// Counted twice: while a checkpoint appends some, the next gather.
    var byteCount: Int { pendingByteCount * 2 }

    /// Takes those of `rendered` that do not come before `firstRow`.
    func apply(_ batch: EvaluatedBatch, _ rendered: RenderedRecords, from firstRow: Int) {
        guard let first = rendered.rows.firstIndex(where: { $0 >= firstRow }) else { return }
        var chunks = pending.removeValue(forKey: batch.bucket) ?? []
        rendered.keys.arena.withUnsafeBytes { keys in
            rendered.values.arena.withUnsafeBytes { values in
                for index in first..<rendered.rows.count {
                    if chunks.last?.isFull ?? true {
                        chunks.append(OutputChunk(bucketCount: plan.category.bucketCount))
                    }
                    let before = chunks[chunks.count - 1].byteCount
                    let key = UnsafeRawBufferPointer(rebasing: keys[rendered.keys.range(at: index)])
                    chunks[chunks.count - 1].append(
                        key: rendered.hasKey[index] ? key : nil,
                        value: UnsafeRawBufferPointer(rebasing: values[rendered.values.range(at: index)]),
                        sequence: batch.offsets[rendered.rows[index]])
                    pendingByteCount += chunks[chunks.count - 1].byteCount - before
                }
            }
        }
        pending[batch.bucket] = chunks
    }

    func removeAll() {
        pending = [:]
        pendingByteCount = 0
    }

    /// What the next checkpoint covers; leaves the output empty.
    func take() -> RecordAppends {
        defer { removeAll() }
        return RecordAppends(
            appender: appender, isAfterCommit: semantics == .atMostOnce,
            runs: pending.sorted { $0.key < $1.key }.map {
                bucket, chunks in
                chunks.map { OutputAppender.Append(chunk: $0, producer: producer.map { Array("\($0)\(bucket)".utf8) }) }
            })
    }

    /// What was taken is appended.
    func didAppend(_ appends: RecordAppends) {
        recordCount += UInt64(appends.count)
    }
}

/// What one checkpoint appends to one output category.
struct RecordAppends: Sendable {
    fileprivate let appender: OutputAppender
    /// For those who would rather lose records than repeat them.
    let isAfterCommit: Bool
    /// One for each bucket of the input, whose appends have to land in their order.
    fileprivate let runs: [[OutputAppender.Append]]

    var count: Int { runs.reduce(0) { $0 + $1.reduce(0) { $0 + $1.chunk.count } } }

    func append() throws(ProcessorsError) {
        for step in 0..<(runs.map(\.count).max() ?? 0) {
            try appender.append(runs.filter { $0.indices.contains(step) }.map { $0[step] })
        }
    }
}
