internal import Bytes
internal import RocksDB

extension CategoryStore {
    /// The first offset whose record was appended at `appendTime` (microseconds since 1970) or later; the end where none
    /// was. Append times never fall within a bucket, so each batch's header is an entry of the index: halving finds it.
    package func offset(
        category: UInt32, bucket: Int, atOrAfter appendTime: Int64
    ) throws(CategoriesError) -> Int64 {
        let log = try log(of: category)
        let end = log.end(ofBucket: bucket)
        guard end.appendTime >= appendTime else { return end.offset }
        // The last span before which every record is too old has it, for the next span's beginning is not.
        let index = log.spans.lastIndex { $0.start(ofBucket: bucket).appendTime < appendTime } ?? 0
        guard log.spans.indices.contains(index) else { return end.offset }
        let part = BucketPart(
            category: category, bucket: bucket, span: log.spans[index],
            end: index + 1 < log.spans.count ? log.spans[index + 1].start(ofBucket: bucket).offset : end.offset)
        do {
            return try first(atOrAfter: appendTime, in: part)
        } catch {
            throw CategoriesError(storage: error, "searching \(name(of: category)) bucket \(bucket)")
        }
    }

    /// A batch that is damaged, but whose header can be made out, is taken at its word: nothing is lost by beginning there.
    private func first(atOrAfter appendTime: Int64, in part: BucketPart) throws(RocksDBError) -> Int64 {
        let rows = try part.batches()
        var low = part.span.start(ofBucket: part.bucket).offset
        var high = part.end
        while low < high {
            try rows.seekForPrevious(to: LogKey.batch(part.bucket, low + (high - low) / 2))
            guard rows.isValid, let (_, base) = LogKey.parse(rows.key),
                let header = LogBatchHeader(unchecked: rows.value)
            else { throw RocksDBError(.corruption, "there is no record batch at offset \(low)") }
            if header.appendTime < appendTime {
                low = max(low + 1, min(high, base + Int64(header.recordCount)))
            } else {
                high = min(high - 1, base)
            }
        }
        return max(low, part.span.start(ofBucket: part.bucket).offset)
    }
}
