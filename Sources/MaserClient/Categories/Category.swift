internal import Bytes
internal import RPC
package import Records

/// A category: a durable log of records in buckets, to append to and to read.
public struct Category: Sendable {
    public let name: String
    let client: Client
    let producer: AppendProducer

    // MARK: Appending

    /// Appends one record. When it returns, the record is on the server's disk (of a category with
    /// acknowledgement `written`: it is written, and a power loss may take it back for a moment longer).
    ///
    /// It is sent again while the timeout lasts whenever its answer is lost or the server is in trouble, and lands once all the
    /// same. Throws `unknownOutcome` when the time is over and nobody knows whether it landed; `fenced` when somebody else has
    /// opened the category with the same producer.
    @discardableResult
    public func append(_ record: Record, timeout: Duration? = nil) async throws(ClientError) -> [CategoryPosition] {
        try await append([record], timeout: timeout)
    }

    /// Appends records in one request; those of one bucket stay in their order. They are at most 16 MiB together.
    /// Returns where the buckets end that took them, which a read can wait for (`ReadOptions.waitingFor`).
    @discardableResult
    public func append(_ records: [Record], timeout: Duration? = nil) async throws(ClientError) -> [CategoryPosition] {
        try await append(bytes: records.reduce(0) { $0 + $1.value.count + 64 }, timeout: timeout) { message in
            for record in records { record.append(to: &message) }
        }
    }

    /// Appends records that are nothing but values.
    package func append(values: ByteStrings, timeout: Duration? = nil) async throws(ClientError) -> [CategoryPosition] {
        try await append(bytes: values.arena.count + values.count * 8, timeout: timeout) { message in
            values.arena.withUnsafeBytes { arena in
                for index in 0..<values.count {
                    WireAppendRequest.append(
                        value: UnsafeRawBufferPointer(rebasing: arena[values.range(at: index)]), to: &message)
                }
            }
        }
    }

    /// `records` writes them; they take about so many `bytes`.
    private func append(
        bytes: Int, timeout: Duration?, records: (inout ByteWriter) -> Void
    ) async throws(ClientError) -> [CategoryPosition] {
        let deadline = client.deadline(timeout)
        let number = try await producer.begin(deadline: deadline)
        defer { producer.end(number) }
        var message = ByteWriter(capacity: bytes + name.utf8.count + 128)
        WireAppendRequest.append(category: name, to: &message)
        records(&message)
        WireAppendRequest.append(producer: number.id, epoch: number.epoch, sequence: number.sequence, to: &message)
        let options = CallOptions(deadline: deadline, kind: .append)
        let response = try await client.call(.append, options) { [bytes = message.bytes] writer in
            writer.append(contentsOf: bytes)
        }
        return try response.reading { bytes throws(ClientError) in
            do {
                var ends: [CategoryPosition] = []
                var reader = WireAppendResponse.Reader(bytes)
                while let end = try reader.next() {
                    ends.append(CategoryPosition(category: name, bucket: Int(end.bucket), offset: end.end))
                }
                return ends
            } catch {
                throw ClientError(reading: error)
            }
        }
    }

    // MARK: Reading

    /// The records of one bucket in their order. `following`: wait for more at the end, for ever; else the sequence ends where
    /// the bucket ends when it gets there.
    ///
    /// ```swift
    /// for try await record in flights.records(bucket: 0, from: .latest, following: true) { ... }
    /// ```
    public func records(bucket: Int, from start: ReadStart = .earliest, following: Bool = false) -> CategoryRecords {
        CategoryRecords(client: client, category: name, bucket: bucket, start: start, isFollowing: following)
    }

    /// Where reading from `start` begins, by bucket: as many offsets as the category has buckets.
    public func offsets(of start: ReadStart, timeout: Duration? = nil) async throws(ClientError) -> [Int64] {
        var request = WireSeekRequest()
        request.category = name
        switch start {
        case .earliest: request.earliest = WireEmpty()
        case .latest: request.latest = WireEmpty()
        case .appendedAt(let time): request.appendTime = time.microseconds
        case .offset(let offset):
            request.earliest = WireEmpty()
            return try await client.seek(request, timeout: timeout).map { max($0, offset) }
        }
        return try await client.seek(request, timeout: timeout)
    }
}

/// Where reading begins.
public enum ReadStart: Hashable, Sendable {
    /// The oldest record that is kept.
    case earliest
    /// What is appended from now on.
    case latest
    /// The first record appended at this time or later.
    case appendedAt(Timestamp)
    case offset(Int64)
}
