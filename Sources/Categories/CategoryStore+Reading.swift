internal import Bytes
internal import Records
internal import RocksDB

extension CategoryStore {
    /// Records of a bucket from exactly `offset` on: at most so many, and no more after `maximumBytes`; one at least,
    /// where there is one. At the end there are none. An offset that is not kept, or beyond the end, is out of range.
    package func read(
        category: UInt32, bucket: Int, from offset: Int64, maximumRecords: Int, maximumBytes: Int
    ) throws(CategoriesError) -> LogRecords {
        let log = try log(of: category)
        let start = log.start(ofBucket: bucket)
        let end = log.end(ofBucket: bucket).offset
        guard offset >= start, offset <= end else {
            throw CategoriesError(
                .outOfRange,
                "category \(category) bucket \(bucket) has offsets from \(start) up to \(end), and \(offset) is not "
                    + "among them")
        }
        var reading = Reading(records: LogRecords(), next: offset, bytesLeft: maximumBytes, recordsLeft: maximumRecords)
        while reading.next < end, !reading.isFull, let span = log.span(ofBucket: bucket, offset: reading.next) {
            let before = reading.next
            try read(log.spans[span], category, bucket, end, &reading)
            guard reading.next > before else {
                throw .corruption(category, bucket, before, "the record batch is missing")
            }
        }
        return reading.records
    }

    private struct Reading {
        var records: LogRecords
        var next: Int64
        var bytesLeft: Int
        var recordsLeft: Int

        var isFull: Bool { records.count > 0 && (bytesLeft <= 0 || recordsLeft <= 0) }

        /// Taking a part of a record batch means to decompress the whole once more for the next reader: once half of what
        /// was asked for is there, only whole batches are taken.
        func stops(before header: LogBatchHeader) -> Bool {
            records.count >= recordsLeft && header.recordCount > recordsLeft
        }

        mutating func take(_ columns: LogBatchColumns, _ header: LogBatchHeader) {
            let bytesBefore = records.keys.arena.count + records.values.arena.count
            let taken = columns.copy(
                from: Int(next - header.baseOffset), maximumRecords: recordsLeft, maximumBytes: bytesLeft,
                into: &records)
            next += Int64(taken)
            recordsLeft -= taken
            bytesLeft -= records.keys.arena.count + records.values.arena.count - bytesBefore
            // What is left of the batch did not fit.
            if next < header.endOffset { recordsLeft = 0 }
        }
    }

    /// Reads on until the span's part of the bucket ends, or enough is read.
    private func read(
        _ span: Span, _ category: UInt32, _ bucket: Int, _ end: Int64, _ reading: inout Reading
    ) throws(CategoriesError) {
        let rows = try batches(of: span, category, bucket, end)
        try seek(rows, to: reading.next, category, bucket)
        while rows.isValid, reading.next < end, !reading.isFull {
            let header = try header(rows, category, bucket)
            guard header.baseOffset <= reading.next, reading.next < header.endOffset else { return }
            if reading.stops(before: header) {
                reading.recordsLeft = 0
                return
            }
            do throws(BytesError) {
                try LogBatchColumns.withColumns(of: rows.value, header) { reading.take($0, header) }
            } catch {
                throw .corruption(category, bucket, header.baseOffset, error.message)
            }
            do {
                try rows.next()
            } catch {
                throw CategoriesError(storage: error, "reading category \(category) bucket \(bucket)")
            }
        }
    }

    /// The first offset whose record was appended at `appendTime` (microseconds since 1970) or later; the end where none
    /// was.
    package func offset(
        category: UInt32, bucket: Int, atOrAfter appendTime: Int64
    ) throws(CategoriesError) -> Int64 {
        let log = try log(of: category)
        let end = log.end(ofBucket: bucket)
        guard end.appendTime >= appendTime else { return end.offset }
        // The last span before which every record is too old has it, for the next span's beginning is not.
        let index = log.spans.lastIndex { $0.start(ofBucket: bucket).appendTime < appendTime } ?? 0
        guard log.spans.indices.contains(index) else { return end.offset }
        let next = index + 1 < log.spans.count ? log.spans[index + 1].start(ofBucket: bucket).offset : end.offset
        let rows = try batches(of: log.spans[index], category, bucket, next)
        var low = log.spans[index].start(ofBucket: bucket).offset
        var high = next
        while low < high {
            try seek(rows, to: low + (high - low) / 2, category, bucket)
            guard rows.isValid else { throw .corruption(category, bucket, low, "the record batch is missing") }
            let header = try header(rows, category, bucket)
            if header.appendTime < appendTime { low = max(low + 1, header.endOffset) } else { high = header.baseOffset }
        }
        return low
    }

    private func log(of category: UInt32) throws(CategoriesError) -> CategoryLog {
        guard let log = published.log(of: category) else {
            throw CategoriesError(.notFound, "the log has no category \(category)")
        }
        return log
    }

    /// Of one bucket, up to what readers may see.
    private func batches(
        of span: Span, _ category: UInt32, _ bucket: Int, _ end: Int64
    ) throws(CategoriesError) -> RowIterator {
        do {
            return try RowIterator(
                in: span.family, lowerBound: LogKey.batch(bucket, 0), upperBound: LogKey.batch(bucket, end))
        } catch {
            throw CategoriesError(storage: error, "reading category \(category) bucket \(bucket)")
        }
    }

    /// To the batch that has the record at `offset`.
    private func seek(
        _ rows: RowIterator, to offset: Int64, _ category: UInt32, _ bucket: Int
    ) throws(CategoriesError) {
        do {
            try rows.seekForPrevious(to: LogKey.batch(bucket, offset))
        } catch {
            throw CategoriesError(storage: error, "reading category \(category) bucket \(bucket)")
        }
    }

    private func header(
        _ rows: RowIterator, _ category: UInt32, _ bucket: Int
    ) throws(CategoriesError) -> LogBatchHeader {
        let offset = LogKey.parse(rows.key)?.offset ?? -1
        do {
            return try LogBatchHeader(rows.value, at: offset)
        } catch {
            throw .corruption(category, bucket, offset, error.message)
        }
    }
}
