internal import Bytes
internal import Catalog
internal import Categories
internal import RPC
internal import Records
internal import Synchronization

/// Takes records into the log.
///
/// A record's bucket is the one that its client names; else its key's, by Kafka's hash; else, where the category is bucketed
/// BY a field of its JSON, that field's text becomes the key, and records without it, whose order matters like that of any
/// other key, go to bucket 0; else the next in turn.
final class AppendHandler: Sendable {
    /// Of one request: the smallest take two bytes of a frame, and far more memory.
    static let recordsPerRequest = 100_000
    static let headersPerRecord = 1000

    private let engine: Engine
    private let turn = Atomic<Int>(0)
    private let keyFinders = Mutex<[UInt32: RecordKeyFinder]>([:])

    init(_ engine: Engine) {
        self.engine = engine
    }

    func append(
        _ request: Request, in burst: RequestBurst, _ catalog: CatalogSnapshot, _ session: CallerSession
    ) {
        let (category, buckets, producer): (CategoryEntry, [BucketRecords], ProducerSequence?)
        do {
            (category, buckets, producer) = try sort(request.message, catalog, session)
            let bytes = buckets.reduce(0) { $0 + $1.keys.arena.count + $1.values.arena.count }
            try engine.categories.admit(bytes, to: category)
        } catch {
            return burst.fail(request, RPCError(error))
        }
        if buckets.isEmpty { return burst.answer(request) { _ throws(RPCError) in } }
        let responder = burst.deferred(request)
        engine.categories.append(buckets, to: category, producer: producer) { result in
            switch result {
            case .success(let ranges):
                responder.answer { writer throws(RPCError) in
                    for range in ranges {
                        WireAppendResponse.append(bucket: UInt32(range.bucket), end: range.end, to: &writer)
                    }
                }
            case .failure(let error): responder.fail(RPCError(error))
            }
        }
    }

    /// The next epoch of a producer, which fences those who used an earlier one. It blocks until that is durable.
    func openProducer(_ request: WireOpenProducerRequest) throws -> WireOpenProducerResponse {
        guard let category = engine.catalog.snapshot.category(named: request.category) else {
            throw RPCError.noCategory(request.category)
        }
        try checkIsOpen(category)
        var response = WireOpenProducerResponse()
        response.epoch = try engine.categories.openProducer([UInt8](request.id), of: category)
        return response
    }

    /// What an app fills, it fills alone: its own numbering tells what has landed.
    private func checkIsOpen(_ category: CategoryEntry) throws {
        guard category.output != nil else { return }
        throw RPCError(
            .refused,
            "category \(category.name) is filled by app \(category.app ?? ""), and takes records from nobody else")
    }

    /// The records of a request by bucket, in their order.
    private func sort(
        _ message: UnsafeRawBufferPointer, _ catalog: CatalogSnapshot, _ session: CallerSession
    ) throws -> (CategoryEntry, [BucketRecords], ProducerSequence?) {
        var reader = try WireAppendRequest.Reader(message)
        let category = try catalog.category(wireName: reader.category, to: .append, for: session)
        try checkIsOpen(category)
        guard reader.recordCount <= Self.recordsPerRequest else {
            throw RPCError(
                .invalidArgument, "a request takes up to \(Self.recordsPerRequest) records; append in several")
        }
        var found = try FoundKeys(in: reader, messageBytes: message.count, keyFinder(of: category))
        var buckets = SortedRecords(
            bucketCount: category.bucketCount, recordCount: reader.recordCount, messageBytes: message.count)
        while let record = try reader.next() {
            let headers = try [RecordHeader](record.headers)
            if let named = record.bucket {
                guard named < category.bucketCount else {
                    throw RPCError(
                        .invalidArgument,
                        "category \(category.name) has the buckets 0 to \(category.bucketCount - 1), and no \(named)")
                }
                buckets.append(to: Int(named), key: record.key, value: record.value, headers: headers)
            } else if let key = record.key {
                let bucket = Bytes.bucket(ofRecordKey: key, buckets: category.bucketCount)
                buckets.append(to: bucket, key: key, value: record.value, headers: headers)
            } else if found != nil {
                found?.withNext { key in
                    let bucket = key.map { Bytes.bucket(ofRecordKey: $0, buckets: category.bucketCount) } ?? 0
                    buckets.append(to: bucket, key: key, value: record.value, headers: headers)
                }
            } else {
                let bucket = next(of: category)
                buckets.append(to: bucket, key: nil, value: record.value, headers: headers)
            }
        }
        let producer = reader.producer.map { producer in
            ProducerSequence(
                id: [UInt8](producer.id), epoch: producer.epoch, numbering: .append(producer.sequence))
        }
        return (category, buckets.finished, producer)
    }

    /// What a category's BY field has in those records of a request that come without a key or a bucket, found for all of
    /// them at once.
    private struct FoundKeys {
        private let keys: ByteStrings
        private let isAbsent: [Bool]
        private var index = 0

        /// nil where there is nothing to find.
        init?(in reader: WireAppendRequest.Reader, messageBytes: Int, _ finder: RecordKeyFinder?) throws {
            guard let finder else { return nil }
            var reader = reader
            var values = ByteStrings()
            values.arena.reserveCapacity(messageBytes)
            values.ends.reserveCapacity(reader.recordCount)
            while let record = try reader.next() {
                if record.bucket == nil && record.key == nil { values.append(record.value) }
            }
            (keys, isAbsent) = finder.find(in: values)
        }

        /// The key of the next of them; nil where the field is absent.
        mutating func withNext(_ body: (UnsafeRawBufferPointer?) -> Void) {
            defer { index += 1 }
            if isAbsent[index] { return body(nil) }
            keys.arena.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[keys.range(at: index)])) }
        }
    }

    private func next(of category: CategoryEntry) -> Int {
        let turn = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        return Int(UInt(bitPattern: turn) % UInt(category.bucketCount))
    }

    private func keyFinder(of category: CategoryEntry) -> RecordKeyFinder? {
        guard let field = category.bucketColumn, category.format == .json else { return nil }
        return keyFinders.withLock { finders in
            if let finder = finders[category.id] { return finder }
            let finder = RecordKeyFinder(field: field)
            finders[category.id] = finder
            return finder
        }
    }
}

/// The records of a request, by bucket.
private struct SortedRecords {
    private let capacity: (records: Int, bytes: Int)
    /// By bucket, which of `found` has its records; -1: none yet.
    private var places: [Int]
    private var found: [BucketRecords] = []

    init(bucketCount: Int, recordCount: Int, messageBytes: Int) {
        places = [Int](repeating: -1, count: bucketCount)
        // A little more than their share, so that most need not grow.
        capacity = (recordCount / bucketCount * 9 / 8 + 1, messageBytes / bucketCount * 9 / 8)
    }

    mutating func append(
        to bucket: Int, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer, headers: [RecordHeader]
    ) {
        if places[bucket] < 0 {
            places[bucket] = found.count
            found.append(
                BucketRecords(bucket: bucket, recordCapacity: capacity.records, valueCapacity: capacity.bytes))
        }
        found[places[bucket]].append(key: key, value: value, headers: headers)
    }

    /// In the order of the buckets.
    var finished: [BucketRecords] { found.sorted { $0.bucket < $1.bucket } }
}

extension [RecordHeader] {
    fileprivate init(_ reader: WireHeader.Reader) throws {
        var reader = reader
        self = []
        while let header = try reader.next() {
            guard count < AppendHandler.headersPerRecord else {
                throw RPCError(.invalidArgument, "a record takes up to \(AppendHandler.headersPerRecord) headers")
            }
            append(RecordHeader(name: try text(header.name), value: [UInt8](header.value)))
        }
    }
}
