internal import Bytes
internal import Catalog
internal import Categories
internal import NIOCore
internal import RPC
internal import Records

/// Reads categories: at once where there are records, else when there are, or when the reader's patience ends. Records come from
/// the disk, and many at once: the pool reads them.
final class ReadHandler: Sendable {
    static let greatestRecords = 10_000
    static let greatestBytes = 4 << 20
    static let greatestWaitMilliseconds: UInt32 = 60_000

    private let engine: Engine
    private let pool: WorkPool
    private let waiting: WaitingReads

    init(_ engine: Engine, _ pool: WorkPool, group: any EventLoopGroup) {
        self.engine = engine
        self.pool = pool
        waiting = WaitingReads(engine.categories, on: group.next(), answeringOn: pool)
    }

    func close() {
        waiting.close()
    }

    /// To be called when grants have changed.
    func recheckAccess() {
        waiting.recheckAccess()
    }

    func read(
        _ request: Request, in burst: RequestBurst, _ catalog: CatalogSnapshot, _ session: CallerSession
    ) {
        do {
            let view = try WireReadRequest.View(request.message)
            let category = try catalog.category(wireName: view.category, to: .read, for: session)
            guard view.bucket < category.bucketCount else {
                throw RPCError(
                    .invalidArgument,
                    "category \(category.name) has the buckets 0 to \(category.bucketCount - 1), and no \(view.bucket)")
            }
            let read = CategoryRead(
                category: category.id, bucket: Int(view.bucket), offset: view.offset,
                maximumRecords: view.maximumRecords == 0
                    ? Self.greatestRecords : min(Int(view.maximumRecords), Self.greatestRecords),
                skipsCorrupted: view.skipsCorrupted)
            let end = engine.categories.end(category: read.category, bucket: read.bucket)
            if read.offset == end, view.waitMilliseconds > 0 {
                let patience = min(view.waitMilliseconds, Self.greatestWaitMilliseconds)
                waiting.add(
                    read, of: category.name, by: session.access, burst.deferred(request),
                    until: min(request.deadline, burst.arrival + .milliseconds(Int64(patience))))
                return
            }
            burst.queueLarge(request) { [engine, pool] responder in
                pool.submit(responder) {
                    responder.answer { writer throws(RPCError) in
                        try read.answer(from: engine.categories, into: &writer)
                    }
                }
            }
        } catch {
            burst.fail(request, RPCError(error))
        }
    }

    func seek(_ request: WireSeekRequest) throws -> WireSeekResponse {
        guard let category = engine.catalog.snapshot.category(named: request.category) else {
            throw RPCError.noCategory(request.category)
        }
        var response = WireSeekResponse()
        response.offsets = try (0..<category.bucketCount).map { bucket in
            switch request.to {
            case .appendTime(let time):
                try engine.categories.offset(category: category.id, bucket: bucket, atOrAfter: time)
            case .latest: engine.categories.end(category: category.id, bucket: bucket)
            case .earliest, nil: engine.categories.start(category: category.id, bucket: bucket)
            }
        }
        return response
    }
}

/// What one read asks for.
struct CategoryRead: Sendable {
    let category: UInt32
    let bucket: Int
    let offset: Int64
    let maximumRecords: Int
    let skipsCorrupted: Bool

    func answer(from categories: CategoryStore, into writer: inout ByteWriter) throws(RPCError) {
        let end = categories.end(category: category, bucket: bucket)
        // A category that nothing was ever appended to is not in the log yet.
        var records = LogRecords()
        if !(end == 0 && offset == 0) {
            do {
                records = try categories.read(
                    category: category, bucket: bucket, from: offset, maximumRecords: maximumRecords,
                    maximumBytes: ReadHandler.greatestBytes, skippingCorruption: skipsCorrupted)
            } catch {
                throw RPCError(error)
            }
        }
        records.keys.arena.withUnsafeBytes { keys in
            records.values.arena.withUnsafeBytes { values in
                for index in 0..<records.count { append(records, index, keys, values, to: &writer) }
            }
        }
        WireReadResponse.append(nextOffset: max(offset, records.nextOffset), endOffset: end, to: &writer)
        for range in records.skipped { WireReadResponse.append(skipped: range, to: &writer) }
    }

    private func append(
        _ records: LogRecords, _ index: Int, _ keys: UnsafeRawBufferPointer, _ values: UnsafeRawBufferPointer,
        to writer: inout ByteWriter
    ) {
        WireReadResponse.append(
            offset: records.offsets[index], appendTime: records.appendTimes[index],
            key: records.hasKey[index] ? UnsafeRawBufferPointer(rebasing: keys[records.keys.range(at: index)]) : nil,
            value: UnsafeRawBufferPointer(rebasing: values[records.values.range(at: index)]), to: &writer
        ) { writer in
            for header in records.headers(of: index) {
                [UInt8](header.name.utf8).withUnsafeBytes { name in
                    header.value.withUnsafeBytes { WireHeader.append(toRead: name, value: $0, to: &writer) }
                }
            }
        }
    }
}
