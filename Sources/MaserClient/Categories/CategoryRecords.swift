internal import NIOCore
internal import RPC

/// The records of one bucket, fetched a page at a time while they are read. Offsets rise, and may have gaps.
public struct CategoryRecords: AsyncSequence, Sendable {
    public typealias Element = StoredRecord
    public typealias Failure = ClientError

    let client: Client
    let category: String
    let bucket: Int
    let start: ReadStart
    let isFollowing: Bool

    public func makeAsyncIterator() -> Iterator { Iterator(records: self) }

    public struct Iterator: AsyncIteratorProtocol {
        private let records: CategoryRecords
        private var page: [StoredRecord] = []
        private var position = 0
        private var offset: Int64?

        init(records: CategoryRecords) {
            self.records = records
        }

        public mutating func next(isolation actor: isolated (any Actor)?) async throws(ClientError) -> StoredRecord? {
            while position == page.count {
                let from: Int64
                if let offset { from = offset } else { from = try await records.firstOffset() }
                offset = from
                let read = try await records.read(from: from)
                (page, position, offset) = (read.records, 0, read.next)
                if page.isEmpty && !records.isFollowing && read.next >= read.end { return nil }
            }
            defer { position += 1 }
            return page[position]
        }

        public mutating func next() async throws(ClientError) -> StoredRecord? {
            try await next(isolation: nil)
        }
    }

    private func firstOffset() async throws(ClientError) -> Int64 {
        let offsets = try await client.category(category).offsets(of: start)
        guard offsets.indices.contains(bucket) else {
            throw ClientError(
                .invalidArgument, "category \(category) has the buckets 0 to \(offsets.count - 1), and no \(bucket)")
        }
        return offsets[bucket]
    }

    private func read(from offset: Int64) async throws(ClientError) -> (
        records: [StoredRecord], next: Int64, end: Int64
    ) {
        let wait = isFollowing ? Self.wait : .zero
        let response = try await client.call(
            .read, CallOptions(deadline: client.deadline(nil) + TimeAmount(wait))
        ) { writer in
            WireReadRequest.append(
                category: category, bucket: UInt32(clamping: bucket), offset: offset,
                maximumRecords: Self.recordsAtOnce,
                waitMilliseconds: UInt32(wait.components.seconds) * 1000, to: &writer)
        }
        return try response.reading { bytes throws(ClientError) in
            do {
                var reader = try WireReadResponse.Reader(bytes)
                var records: [StoredRecord] = []
                records.reserveCapacity(reader.recordCount)
                while let record = try reader.next() { records.append(try StoredRecord(record, bucket: bucket)) }
                return (records, reader.nextOffset, reader.endOffset)
            } catch {
                throw ClientError(reading: error)
            }
        }
    }

    private static let recordsAtOnce: UInt32 = 1000
    /// How long the server holds a read that finds nothing new.
    private static let wait = Duration.seconds(10)
}
