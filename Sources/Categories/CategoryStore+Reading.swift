internal import Bytes
internal import Catalog
internal import Records
internal import RocksDB

extension CategoryStore {
    /// Records of a bucket from exactly `offset` on: at most so many, and no more after `maximumBytes`; one at least,
    /// where there is one. At the end there are none. An offset that is not kept, or beyond the end, is out of range.
    ///
    /// What is stored is held against its checksums. Before records that cannot be read the answer ends; where it would begin
    /// with them they are corruption, which names their offsets. `skippingCorruption` passes over them, and says so in `skipped`.
    package func read(
        category: UInt32, bucket: Int, from offset: Int64, maximumRecords: Int, maximumBytes: Int,
        skippingCorruption: Bool = false
    ) throws(CategoriesError) -> LogRecords {
        let log = try log(of: category)
        let end = log.end(ofBucket: bucket).offset
        try check(offset, in: log, bucket)
        var reading = LogReading(from: offset, to: end, maximumRecords: maximumRecords, maximumBytes: maximumBytes)
        while reading.next < end, !reading.isFull, let index = log.span(ofBucket: bucket, offset: reading.next) {
            let place = BucketPart(
                category: category, bucket: bucket, span: log.spans[index],
                end: index + 1 < log.spans.count ? log.spans[index + 1].start(ofBucket: bucket).offset : end)
            guard let damage = try read(place, &reading) else { continue }
            if skippingCorruption {
                reading.skip(damage.offsets)
            } else if reading.records.count > 0 {
                break
            } else {
                throw corruption(category, bucket, damage)
            }
        }
        return reading.finished
    }

    private func check(_ offset: Int64, in log: CategoryLog, _ bucket: Int) throws(CategoriesError) {
        let start = log.start(ofBucket: bucket)
        let end = log.end(ofBucket: bucket).offset
        if offset >= start && offset <= end { return }
        let place = "\(name(of: log.category)) bucket \(bucket)"
        throw CategoriesError(
            .outOfRange,
            offset >= 0 && offset < start
                ? "retention has dropped what \(place) had at offset \(offset): it begins at \(start) now"
                : "\(place) has offsets from \(start) up to \(end), and \(offset) is not among them")
    }

    /// Reads on until the span's part of the bucket ends, or enough is read; answers what could not be read.
    private func read(_ part: BucketPart, _ reading: inout LogReading) throws(CategoriesError) -> LogDamage? {
        do throws(RocksDBError) {
            let rows = try part.batches()
            try part.seek(rows, to: reading.next)
            while reading.next < part.end, !reading.isFull {
                // The batch that has the offset is gone.
                guard rows.isValid, let (_, base) = LogKey.parse(rows.key) else {
                    return try part.gap(at: reading.next)
                }
                let next = reading.next
                if let problem = take(rows.value, at: base, &reading) {
                    // Whoever asks for a record inside of the batch does not miss those before it.
                    let first = max(base, next)
                    return LogDamage(offsets: first..<(try part.nextBatch(after: first)), what: problem.message)
                }
                if reading.isFull { break }
                if reading.next == next { return try part.gap(at: next) }
                try rows.next()
            }
            return nil
        } catch {
            guard error.code == .corruption else {
                throw CategoriesError(storage: error, "reading \(name(of: part.category)) bucket \(part.bucket)")
            }
            return LogDamage(offsets: reading.next..<part.nextReadable(after: reading.next), what: error.message)
        }
    }

    /// Takes the records of a batch that are asked for: none, where it ends before them. Answers what is wrong with it.
    private func take(
        _ batch: UnsafeRawBufferPointer, at base: Int64, _ reading: inout LogReading
    ) -> BytesError? {
        do throws(BytesError) {
            let header = try LogBatchHeader(batch, at: base)
            guard base <= reading.next, reading.next < header.endOffset, !reading.stops(before: header) else {
                return nil
            }
            try reading.take(batch, header)
            return nil
        } catch {
            return error
        }
    }

    // MARK: What goes wrong

    func log(of category: UInt32) throws(CategoriesError) -> CategoryLog {
        guard let log = published.log(of: category) else {
            throw CategoriesError(.notFound, "the log has no \(name(of: category))")
        }
        return log
    }

    func name(of category: UInt32) -> String {
        "category \(catalog.snapshot.category(id: category)?.name ?? String(category))"
    }

    func corruption(_ category: UInt32, _ bucket: Int, _ damage: LogDamage) -> CategoriesError {
        var error = CategoriesError(
            .corruption,
            "\(name(of: category)) bucket \(bucket): the records from offset \(damage.offsets.lowerBound) up to "
                + "\(damage.offsets.upperBound) cannot be read: \(damage.what)")
        error.offsets = damage.offsets
        return error
    }
}
