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
    private let engine: Engine
    private let turn = Atomic<Int>(0)
    private let keyFinders = Mutex<[UInt32: RecordKeyFinder]>([:])

    init(_ engine: Engine) {
        self.engine = engine
    }

    func append(_ request: Request, in burst: RequestBurst, _ catalog: CatalogSnapshot) {
        let category: CategoryEntry
        let buckets: [BucketRecords]
        do {
            (category, buckets) = try sort(request.message, catalog)
        } catch {
            return burst.fail(request, RPCError(error))
        }
        if buckets.isEmpty { return burst.answer(request) { _ throws(RPCError) in } }
        let responder = burst.deferred(request)
        engine.categories.append(buckets, to: category) { result in
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

    /// The records of a request by bucket, in their order.
    private func sort(
        _ message: UnsafeRawBufferPointer, _ catalog: CatalogSnapshot
    ) throws -> (CategoryEntry, [BucketRecords]) {
        var reader = try WireAppendRequest.Reader(message)
        let category = try catalog.category(wireName: reader.category)
        var buckets = [BucketRecords?](repeating: nil, count: category.bucketCount)
        var keyless = ByteStrings()
        var keylessHeaders: [[RecordHeader]] = []
        while let record = try reader.next() {
            let headers = try [RecordHeader](record.headers)
            let bucket: Int
            if let named = record.bucket {
                bucket = Int(named)
                guard bucket < category.bucketCount else {
                    throw RPCError(
                        .invalidArgument,
                        "category \(category.name) has the buckets 0 to \(category.bucketCount - 1), and no \(bucket)")
                }
            } else if let key = record.key {
                bucket = Bytes.bucket(ofRecordKey: key, buckets: category.bucketCount)
            } else if category.bucketColumn != nil, category.format == .json {
                // Their keys are found all at once, below.
                keyless.append(record.value)
                keylessHeaders.append(headers)
                continue
            } else {
                bucket = next(of: category)
            }
            buckets[bucket, default: bucket].append(key: record.key, value: record.value, headers: headers)
        }
        if let finder = keyFinder(of: category), keyless.count > 0 {
            distribute(keyless, keylessHeaders, finder, category, into: &buckets)
        }
        return (category, buckets.compactMap { $0 })
    }

    private func distribute(
        _ values: ByteStrings, _ headers: [[RecordHeader]], _ finder: RecordKeyFinder, _ category: CategoryEntry,
        into buckets: inout [BucketRecords?]
    ) {
        let found = finder.find(in: values)
        found.keys.arena.withUnsafeBytes { keys in
            values.arena.withUnsafeBytes { arena in
                for index in 0..<values.count {
                    let value = UnsafeRawBufferPointer(rebasing: arena[values.range(at: index)])
                    let key =
                        found.isAbsent[index]
                        ? nil : UnsafeRawBufferPointer(rebasing: keys[found.keys.range(at: index)])
                    let bucket = key.map { Bytes.bucket(ofRecordKey: $0, buckets: category.bucketCount) } ?? 0
                    buckets[bucket, default: bucket].append(key: key, value: value, headers: headers[index])
                }
            }
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

extension [BucketRecords?] {
    fileprivate subscript(index: Int, default bucket: Int) -> BucketRecords {
        get { self[index] ?? BucketRecords(bucket: bucket) }
        _modify {
            var records = self[index].take() ?? BucketRecords(bucket: bucket)
            defer { self[index] = records }
            yield &records
        }
    }
}

extension [RecordHeader] {
    fileprivate init(_ reader: WireHeader.Reader) throws {
        var reader = reader
        self = []
        while let header = try reader.next() {
            append(RecordHeader(name: try text(header.name), value: [UInt8](header.value)))
        }
    }
}
