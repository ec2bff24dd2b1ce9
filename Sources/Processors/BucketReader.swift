internal import Catalog
internal import Categories

/// Reads and prepares batches of one category's buckets, on whichever thread asks.
struct BucketReader: Sendable {
    /// What one read takes from a bucket, so that buckets have their turns.
    static let batchRecordCount = 4096
    static let batchByteCount = 4 << 20

    let category: CategoryEntry
    let inputs: [InputPreparer]
    let categories: CategoryStore
    let clock: ProcessorClock
    let batchRecordCount: Int

    func end(ofBucket bucket: Int) -> Int64 {
        categories.end(category: category.id, bucket: bucket)
    }

    /// The records of a bucket from `offset` on; nil where there are none yet.
    func prepare(bucket: Int, from offset: Int64) throws(ProcessorsError) -> PreparedBatch? {
        guard offset < end(ofBucket: bucket) else { return nil }
        var stopwatch = Stopwatch(clock)
        let records: LogRecords
        do {
            records = try categories.read(
                category: category.id, bucket: bucket, from: offset, maximumRecords: batchRecordCount,
                maximumBytes: Self.batchByteCount)
        } catch {
            throw ProcessorsError(log: error, "reading \(category.name) bucket \(bucket)")
        }
        stopwatch.charge(\.read)
        guard let last = records.offsets.last, let appendTime = records.appendTimes.last else { return nil }
        var prepared: [PreparedInput] = []
        for input in inputs { prepared.append(try input.prepare(records, bucket: bucket, &stopwatch)) }
        return PreparedBatch(
            bucket: bucket, records: records, end: last + 1, appendTime: appendTime, inputs: prepared,
            times: stopwatch.times)
    }
}
