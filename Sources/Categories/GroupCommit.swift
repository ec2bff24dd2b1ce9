internal import Catalog
internal import RocksDB

/// One write of the log: gives the records of a group of appends their offsets and makes record batches of them.
///
/// It works on copies of the logs, so that a write that fails leaves nothing behind.
struct GroupCommit: ~Copyable {
    private let database: Database
    private let compressor: Compressor
    /// Microseconds since 1970.
    private let now: Int64
    private var buckets: [BucketID: Gathering] = [:]
    private(set) var logs: [UInt32: CategoryLog]
    private(set) var touched: [UInt32: CategoryEntry] = [:]
    private(set) var batch = WriteBatch()

    private struct BucketID: Hashable {
        let category: UInt32
        let bucket: Int
    }

    /// The records of one bucket that are not in a finished batch yet.
    private struct Gathering {
        var builder = LogBatchBuilder()
        var baseOffset: Int64
        let appendTime: Int64
    }

    init(_ database: Database, logs: [UInt32: CategoryLog], compressor: Compressor, now: Int64) {
        self.database = database
        self.logs = logs
        self.compressor = compressor
        self.now = now
    }

    mutating func add(_ append: PendingAppend) throws(CategoriesError) -> [AppendedRange] {
        try prepareSpan(of: append.category)
        var ranges: [AppendedRange] = []
        for records in append.records { ranges.append(add(records, append.category.id)) }
        return ranges
    }

    private mutating func add(_ records: BucketRecords, _ category: UInt32) -> AppendedRange {
        let id = BucketID(category: category, bucket: records.bucket)
        let end = logs[category]?.end(ofBucket: records.bucket) ?? BucketEnd()
        var gathering =
            buckets.removeValue(forKey: id)
            ?? Gathering(baseOffset: end.offset, appendTime: max(now, end.appendTime))
        var next = 0
        while next < records.count {
            let taken = gathering.builder.append(records, from: next)
            next += taken
            if taken == 0 { finish(&gathering, id) }
        }
        let newEnd = BucketEnd(
            offset: end.offset + Int64(records.count),
            appendTime: records.count > 0 ? gathering.appendTime : end.appendTime)
        logs[category]?.setEnd(newEnd, ofBucket: records.bucket)
        let appendTime = gathering.appendTime
        buckets[id] = gathering
        return AppendedRange(
            bucket: records.bucket, start: end.offset, end: newEnd.offset, appendTime: appendTime)
    }

    /// Finishes the batches that are still gathering; nothing is to be added after.
    mutating func finish() {
        for (id, gathering) in buckets {
            var gathering = gathering
            finish(&gathering, id)
        }
        buckets = [:]
    }

    private mutating func finish(_ gathering: inout Gathering, _ id: BucketID) {
        guard !gathering.builder.isEmpty, let spans = logs[id.category]?.spans, let span = spans.last else { return }
        let bytes = gathering.builder.encode(
            baseOffset: gathering.baseOffset, appendTime: gathering.appendTime, compressor)
        let key = LogKey.batch(id.bucket, gathering.baseOffset)
        batch.put(key, bytes, in: span.family)
        logs[id.category]?.spans[spans.count - 1].byteCount += key.count + bytes.count
        gathering.baseOffset += Int64(gathering.builder.count)
        gathering.builder = LogBatchBuilder()
    }

    /// Begins a span where the category has none, or a full one. Within a group a category keeps its span.
    private mutating func prepareSpan(of category: CategoryEntry) throws(CategoriesError) {
        guard touched.updateValue(category, forKey: category.id) == nil else { return }
        var log = logs[category.id] ?? CategoryLog(category: category.id)
        if let last = log.spans.last, last.byteCount < category.spanBytes { return }
        let number = (log.spans.last?.number ?? 0) + 1
        let family: Family
        do throws(RocksDBError) {
            family = try database.createFamily(
                LogKey.family(category: category.id, span: number), options: LogDatabase.familyOptions)
        } catch {
            throw CategoriesError(storage: error, "beginning a span of \(category.name)")
        }
        let header = SpanHeader.encode(log.ends)
        batch.put(LogKey.spanHeader, header, in: family)
        log.spans.append(Span(number: number, family: family, starts: log.ends, byteCount: header.count))
        logs[category.id] = log
    }
}

extension CategoryEntry {
    private static let spansWithinRetention = 4
    private static let leastSpanBytes = 1 << 20

    /// Small enough that retention, which drops whole spans, keeps not much more than it was asked to.
    var spanBytes: Int {
        guard let kept = retention?.bytes else { return LogDatabase.spanBytes }
        return min(LogDatabase.spanBytes, max(Self.leastSpanBytes, Int(clamping: kept) / Self.spansWithinRetention))
    }
}
