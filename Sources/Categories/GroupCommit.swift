internal import Catalog
internal import RocksDB

/// One write of the log: gives the records of a group of appends their offsets and makes record batches of them.
///
/// It works on copies of the logs and the producers, so that a write that fails leaves nothing behind.
struct GroupCommit: ~Copyable {
    private let database: LogDatabase
    private let producers: ProducerTable
    private let compressor: Compressor
    /// Microseconds since 1970.
    private let now: Int64
    private var buckets: [BucketID: Gathering] = [:]
    private(set) var logs: [UInt32: CategoryLog]
    private(set) var touched: [UInt32: CategoryEntry] = [:]
    private(set) var begun: [UInt32: Span] = [:]
    private(set) var tallies: [UInt32: AppendTally] = [:]
    private(set) var changedProducers: [ProducerKey: ProducerState] = [:]
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

    init(
        _ database: LogDatabase, logs: [UInt32: CategoryLog], producers: ProducerTable, compressor: Compressor,
        now: Int64
    ) {
        self.database = database
        self.logs = logs
        self.producers = producers
        self.compressor = compressor
        self.now = now
    }

    /// What is refused is as if it had never come; what throws ends the whole group.
    mutating func add(_ append: PendingAppend) throws(CategoriesError) -> Result<PendingAppend.Outcome, CategoriesError>
    {
        switch append.work {
        case .openProducer(let id): return open(ProducerKey(category: append.category.id, id: id))
        case .append(let records, let producer):
            do throws(CategoriesError) {
                switch try admit(producer, to: append.category.id) {
                case .duplicate:
                    tallies[append.category.id, default: AppendTally()].duplicates += 1
                    return .success(.appended(landed(in: append.category)))
                case .lands(let passedOver):
                    return .success(.appended(try add(records, after: passedOver, append.category)))
                }
            } catch {
                guard error.isRefusal else { throw error }
                return .failure(error)
            }
        }
    }

    // MARK: Producers

    private func state(of key: ProducerKey) -> ProducerState? {
        changedProducers[key] ?? producers[key]
    }

    private mutating func admit(
        _ producer: ProducerSequence?, to category: UInt32
    ) throws(CategoriesError) -> ProducerState.Admission {
        guard let producer else { return .lands([]) }
        let key = ProducerKey(category: category, id: producer.id)
        let known = state(of: key)
        if known == nil { try checkRoom() }
        var state = known ?? ProducerState(epoch: producer.epoch, usedAt: now)
        let admission = try state.admit(producer)
        state.usedAt = now
        // What a duplicate says is known, but for its epoch.
        if admission != .duplicate || state.epoch != known?.epoch { changedProducers[key] = state }
        return admission
    }

    private func checkRoom() throws(CategoriesError) {
        guard producers.count + changedProducers.count < ProducerTable.greatestCount else {
            throw CategoriesError(
                .overloaded,
                "the log remembers \(ProducerTable.greatestCount) producers, and has no room for another yet")
        }
    }

    private mutating func open(_ key: ProducerKey) -> Result<PendingAppend.Outcome, CategoriesError> {
        do throws(CategoriesError) {
            let known = state(of: key)
            if known == nil { try checkRoom() }
            let epoch = try producers.nextEpoch(of: key, after: known?.epoch ?? 0)
            changedProducers[key] = ProducerState(epoch: epoch, usedAt: now)
            return .success(.opened(epoch: epoch))
        } catch {
            return .failure(error)
        }
    }

    /// The answer to an append that landed before: in which buckets, nobody remembers.
    private func landed(in category: CategoryEntry) -> [AppendedRange] {
        (0..<category.bucketCount).map { bucket in
            let end = logs[category.id]?.end(ofBucket: bucket) ?? BucketEnd()
            return AppendedRange(bucket: bucket, start: end.offset, end: end.offset, appendTime: end.appendTime)
        }
    }

    // MARK: Records

    /// `passedOver`: by bucket records, how many of the first have landed before; empty: none.
    private mutating func add(
        _ buckets: [BucketRecords], after passedOver: [Int], _ category: CategoryEntry
    ) throws(CategoriesError) -> [AppendedRange] {
        try prepareSpan(of: category)
        var ranges: [AppendedRange] = []
        ranges.reserveCapacity(buckets.count)
        var tally = tallies[category.id] ?? AppendTally()
        for (index, records) in buckets.enumerated() {
            let first = passedOver.isEmpty ? 0 : passedOver[index]
            ranges.append(add(records, from: first, category.id))
            tally.records += records.count - first
            tally.bytes += records.byteCount(from: first)
        }
        tallies[category.id] = tally
        return ranges
    }

    private mutating func add(_ records: BucketRecords, from first: Int, _ category: UInt32) -> AppendedRange {
        let id = BucketID(category: category, bucket: records.bucket)
        let end = logs[category]?.end(ofBucket: records.bucket) ?? BucketEnd()
        var gathering =
            buckets.removeValue(forKey: id)
            ?? Gathering(baseOffset: end.offset, appendTime: max(now, end.appendTime))
        var next = first
        while next < records.count {
            let taken = gathering.builder.append(records, from: next)
            next += taken
            if taken == 0 { finish(&gathering, id) }
        }
        let newEnd = BucketEnd(
            offset: end.offset + Int64(records.count - first),
            appendTime: records.count > first ? gathering.appendTime : end.appendTime)
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
        for (key, state) in changedProducers { batch.put(key.bytes, state.encode(), in: database.producerFamily) }
    }

    private mutating func finish(_ gathering: inout Gathering, _ id: BucketID) {
        guard !gathering.builder.isEmpty, let category = touched[id.category], let spans = logs[id.category]?.spans,
            let span = spans.last
        else { return }
        let bytes = gathering.builder.encode(
            baseOffset: gathering.baseOffset, appendTime: gathering.appendTime, category.compression, compressor)
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
        guard log.needsSpan(category, now: now) else { return }
        let span = try database.beginSpan(of: log, now: now, in: &batch)
        begun[category.id] = span
        log.spans.append(span)
        logs[category.id] = log
    }
}
