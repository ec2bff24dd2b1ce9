internal import Bytes
internal import RocksDB

/// The store below the log: how it is opened, and what its rows say about the categories.
struct LogDatabase: Sendable {
    /// Spans are few, because they are large.
    static let spanBytes = 256 << 20
    private static let formatVersion = 1
    private static let formatKey = [UInt8]("format".utf8)
    private static let leastWriteBufferBytes = 4 << 20

    static let familyOptions = FamilyOptions(
        isCompacted: false, blockBytes: 32 << 10, bloomBitsPerKey: 0, compression: .none, memtableBytes: 16 << 20)

    private static let producerFamilyName = "producers"
    private static let producerOptions = FamilyOptions(
        blockBytes: 4 << 10, compression: .none, memtableBytes: 4 << 20, fileBytes: 16 << 20)

    let database: Database
    let producerFamily: Family
    var logs: [UInt32: CategoryLog] = [:]

    /// Opens or makes the store and finds where each bucket ends. Families of categories that are not `wanted` go.
    init(directory: String, memoryBytes: Int, wanted: (UInt32) -> Bool) throws(CategoriesError) {
        let writeBuffer = max(memoryBytes / 2, Self.leastWriteBufferBytes)
        do {
            database = try Database.open(
                at: directory,
                options: DatabaseOptions(
                    blockCacheBytes: max(memoryBytes, writeBuffer * 2), writeBufferBytes: writeBuffer,
                    maxOpenFiles: 1024, maxTotalWALBytes: writeBuffer * 2),
                familyOptions: { $0 == Self.producerFamilyName ? Self.producerOptions : Self.familyOptions })
        } catch {
            throw CategoriesError(storage: error, "opening the log in \(directory)")
        }
        do {
            producerFamily = try Self.producerFamily(of: database)
            try checkFormat()
            try findSpans(wanted)
            for category in logs.keys.sorted() { try findEnds(category) }
        } catch {
            try? database.close()
            throw error
        }
    }

    private static func producerFamily(of database: Database) throws(CategoriesError) -> Family {
        if let family = database.family(named: producerFamilyName) { return family }
        do {
            return try database.createFamily(producerFamilyName, options: producerOptions)
        } catch {
            throw CategoriesError(storage: error, "making the family of producers")
        }
    }

    private func checkFormat() throws(CategoriesError) {
        guard let family = database.family(named: "default") else {
            throw CategoriesError(.corruption, "the log in \(database.path) has no default family")
        }
        do throws(RocksDBError) {
            guard let stored = try database.value(forKey: Self.formatKey, in: family) else {
                var batch = WriteBatch()
                batch.put(Self.formatKey, [UInt8](String(Self.formatVersion).utf8), in: family)
                return try database.write(batch, sync: true)
            }
            if Int(String(decoding: stored, as: UTF8.self)) == Self.formatVersion { return }
        } catch {
            throw CategoriesError(storage: error, "reading the format of the log in \(database.path)")
        }
        throw CategoriesError(
            .newerFormat,
            "the log in \(database.path) was written by a newer Maser than this, which knows format "
                + "\(Self.formatVersion)")
    }

    private mutating func findSpans(_ wanted: (UInt32) -> Bool) throws(CategoriesError) {
        for family in database.families {
            guard let (category, number) = LogKey.parse(family: family.name) else { continue }
            do throws(RocksDBError) {
                // A family without its header is one that a crash left before anything was in it.
                guard wanted(category), let header = try database.value(forKey: LogKey.spanHeader, in: family) else {
                    try database.dropFamily(family)
                    continue
                }
                let size = try database.integerProperty("rocksdb.live-sst-files-size", in: family) ?? 0
                let (starts, begunAt) = try header.withUnsafeBytes { bytes in
                    Result { () throws(BytesError) in try SpanHeader.decode(bytes) }
                }.mapError { RocksDBError(.corruption, "\(family.name): \($0.message)") }.get()
                logs[category, default: CategoryLog(category: category)].spans.append(
                    Span(
                        number: number, family: family, starts: starts, begunAt: begunAt,
                        byteCount: Int(clamping: size)))
            } catch {
                throw CategoriesError(storage: error, "reading the span \(family.name)")
            }
        }
        for category in logs.keys { logs[category]?.spans.sort { $0.number < $1.number } }
    }

    /// Every bucket ends with its last batch, which lies in the newest span, or where that span found it.
    private mutating func findEnds(_ category: UInt32) throws(CategoriesError) {
        guard var log = logs[category], let span = log.spans.last else { return }
        log.ends = span.starts
        do throws(RocksDBError) {
            let rows = try database.iterator(in: span.family)
            var bucket = 0
            while true {
                // The next bucket that has batches here, then the last of them.
                try rows.seek(to: LogKey.batch(bucket, 0))
                guard rows.isValid, let (found, _) = LogKey.parse(rows.key) else { break }
                try rows.seekForPrevious(to: LogKey.batch(found, .max))
                guard rows.isValid, let (_, offset) = LogKey.parse(rows.key) else { break }
                log.setEnd(Self.end(of: rows.value, at: offset, after: span.start(ofBucket: found)), ofBucket: found)
                bucket = found + 1
            }
        } catch {
            throw CategoriesError(storage: error, "finding the end of category \(category)")
        }
        logs[category] = log
    }

    /// A batch that is damaged ends where no batch could end later: what it had is missed by whoever reads it, and no offset is
    /// ever given twice.
    private static func end(
        of batch: UnsafeRawBufferPointer, at offset: Int64, after start: BucketEnd
    ) -> BucketEnd {
        guard let header = try? LogBatchHeader(batch, at: offset) else {
            return BucketEnd(
                offset: offset + Int64(LogBatchBuilder.greatestRecords), appendTime: start.appendTime)
        }
        return BucketEnd(offset: header.endOffset, appendTime: header.appendTime)
    }

    /// Makes the family of a category's next span. It counts once `batch` is written.
    func beginSpan(
        of log: CategoryLog, now: Int64, in batch: inout WriteBatch
    ) throws(CategoriesError) -> Span {
        let number = (log.spans.last?.number ?? 0) + 1
        let name = LogKey.family(category: log.category, span: number)
        let family: Family
        do throws(RocksDBError) {
            family = try database.createFamily(name, options: Self.familyOptions)
        } catch {
            throw CategoriesError(storage: error, "beginning the span \(name)")
        }
        let header = SpanHeader.encode(log.ends, begunAt: now)
        batch.put(LogKey.spanHeader, header, in: family)
        return Span(number: number, family: family, starts: log.ends, begunAt: now, byteCount: header.count)
    }

    /// Takes away what a failed write left behind the ends that were published: its appenders were told that it failed.
    /// Records and producers go back in one write, so that what is sent again lands.
    mutating func cut(
        to published: [UInt32: CategoryLog], producers: [ProducerKey: ProducerState]
    ) throws(CategoriesError) {
        var batch = WriteBatch()
        try restoreProducers(producers, in: &batch)
        for (category, log) in published {
            for (bucket, end) in log.ends.enumerated() {
                let found = logs[category]?.end(ofBucket: bucket) ?? BucketEnd()
                guard found.offset >= end.offset else {
                    throw .corruption(
                        category, bucket, found.offset, "the log ends here, but was acknowledged up to \(end.offset)")
                }
            }
        }
        for (category, log) in logs {
            let known = published[category]
            for bucket in log.ends.indices {
                let end = known?.end(ofBucket: bucket) ?? BucketEnd()
                guard log.ends[bucket].offset > end.offset else { continue }
                for span in log.spans {
                    batch.deleteRange(
                        from: LogKey.batch(bucket, end.offset), to: LogKey.batch(bucket + 1, 0), in: span.family)
                }
                logs[category]?.setEnd(end, ofBucket: bucket)
            }
        }
        if batch.count == 0 { return }
        do {
            try database.write(batch, sync: true)
        } catch {
            throw CategoriesError(storage: error, "taking a failed write back")
        }
    }
}
