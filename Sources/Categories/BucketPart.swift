internal import RocksDB

/// Records that cannot be read, as far as that is known.
struct LogDamage {
    /// The last may be in a batch that is there: only where a readable one begins is known.
    let offsets: Range<Int64>
    let what: String
}

/// What one span has of a bucket.
struct BucketPart {
    let category: UInt32
    let bucket: Int
    let span: Span
    /// Where the next span goes on, or readers see no further.
    let end: Int64

    func batches() throws(RocksDBError) -> RowIterator {
        try RowIterator(
            in: span.family, lowerBound: LogKey.batch(bucket, 0), upperBound: LogKey.batch(bucket, end))
    }

    /// To the batch that has the record at `offset`: most readers go on where one begins. Going backwards touches the batch before
    /// it too, which may be damaged.
    func seek(_ rows: RowIterator, to offset: Int64) throws(RocksDBError) {
        let key = LogKey.batch(bucket, offset)
        do throws(RocksDBError) {
            try rows.seek(to: key)
            if base(of: rows) == offset { return }
        } catch {
            // It is the one after that cannot be read, or there is none to be found this way.
        }
        try rows.seekForPrevious(to: key)
    }

    /// Where the first batch after `offset` begins; the end where there is none.
    func nextBatch(after offset: Int64) throws(RocksDBError) -> Int64 {
        let rows = try batches()
        try rows.seek(to: LogKey.batch(bucket, offset + 1))
        return base(of: rows) ?? end
    }

    func gap(at offset: Int64) throws(RocksDBError) -> LogDamage {
        LogDamage(offsets: offset..<(try nextBatch(after: offset)), what: "the record batch is missing")
    }

    /// More than a file block has.
    private static let nearOffsets: Int64 = 50_000

    /// Where the first batch after `offset` begins that the disk gives back. A damaged file block hides the keys of the batches in
    /// it too, so it is searched for: one by one for a while, then in steps that double and by halves.
    func nextReadable(after offset: Int64) -> Int64 {
        guard let rows = try? batches() else { return end }
        func found(_ offset: Int64) -> Int64?? {
            do {
                try rows.seek(to: LogKey.batch(bucket, offset))
                return .some(base(of: rows))
            } catch {
                return nil
            }
        }
        var unreadable = offset
        var step: Int64 = 1
        var readable: Int64 = end
        var first: Int64 = end
        while unreadable + step < end {
            if let row = found(unreadable + step) {
                (readable, first) = (unreadable + step, row ?? end)
                break
            }
            unreadable += step
            if unreadable - offset > Self.nearOffsets { step *= 2 }
        }
        while readable - unreadable > 1 {
            let middle = unreadable + (readable - unreadable) / 2
            if let row = found(middle) { (readable, first) = (middle, row ?? end) } else { unreadable = middle }
        }
        return max(first, offset + 1)
    }

    private func base(of rows: RowIterator) -> Int64? {
        rows.isValid ? LogKey.parse(rows.key)?.offset : nil
    }
}
