internal import Bytes
internal import NIOCore
package import RPC
internal import Records

// Rows, keys and records as the wire has them, for who reads them by a descriptor: the command line and its benchmarks.

/// A key range of a table; bounds are encoded key columns that follow the prefix.
package struct ClientScan: Sendable {
    package var table: String
    package var prefix: [UInt8]
    package var from: [UInt8]?
    package var to: [UInt8]?
    package var isReversed: Bool
    /// nil: all rows.
    package var limit: Int?
    var continuation: [UInt8] = []

    package init(
        table: String, prefix: [UInt8] = [], from: [UInt8]? = nil, to: [UInt8]? = nil, isReversed: Bool = false,
        limit: Int? = nil
    ) {
        self.table = table
        self.prefix = prefix
        self.from = from
        self.to = to
        self.isReversed = isReversed
        self.limit = limit
    }
}

extension Client {
    /// The messages of the rows with these encoded keys, in their order.
    package func get(_ table: String, keys: [[UInt8]]) async throws(ClientError) -> [[UInt8]?] {
        let response = try await call(.get, isIdempotent: true, deadline: deadline(nil)) { writer in
            WireGetRequest.append(table: table, keys: keys, to: &writer)
        }
        return try response.reading { bytes throws(ClientError) in
            do {
                var tables = WireGetResponse.Reader(bytes)
                guard var rows = try tables.next(), rows.rowCount == keys.count else {
                    throw ClientError(.protocolViolation, "the server did not answer what it was asked for")
                }
                var messages: [[UInt8]?] = []
                messages.reserveCapacity(keys.count)
                while let row = try rows.nextRow() { messages.append(row.map { [UInt8]($0) }) }
                return messages
            } catch {
                throw ClientError(reading: error)
            }
        }
    }

    /// Hands over the rows of a range a page at a time.
    package func scan(
        _ range: ClientScan, page body: ([(key: [UInt8], message: [UInt8])]) async throws -> Void
    ) async throws {
        var range = range
        repeat {
            let response = try await scanPage(range, deadline: deadline(nil))
            let page = try response.reading { bytes throws(ClientError) in
                do {
                    var reader = try WireScanResponse.Reader(bytes)
                    range.continuation = [UInt8](reader.continuation)
                    var rows: [(key: [UInt8], message: [UInt8])] = []
                    rows.reserveCapacity(reader.rowCount)
                    while let row = try reader.next() { rows.append(([UInt8](row.key), [UInt8](row.message))) }
                    return rows
                } catch {
                    throw ClientError(reading: error)
                }
            }
            if let limit = range.limit { range.limit = limit - page.count }
            try await body(page)
        } while !range.continuation.isEmpty && range.limit ?? 1 > 0
    }

    func scanPage(_ range: ClientScan, deadline: NIODeadline) async throws(ClientError) -> ByteBuffer {
        try await call(.scan, isIdempotent: true, deadline: deadline) { writer in
            WireScanRequest.append(
                table: range.table, prefix: range.prefix, from: range.from, to: range.to, reverse: range.isReversed,
                limit: range.limit.map { UInt32(clamping: $0) } ?? 0, continuation: range.continuation, into: &writer)
        }
    }

    /// The combined row of a key's panes, and how many there were.
    package func fold(
        _ table: String, key: [UInt8], from: Int64?, to: Int64?
    ) async throws(ClientError) -> (message: [UInt8]?, panes: Int) {
        let response = try await fold(table, encodedKey: key, from: from, to: to, deadline: deadline(nil))
        return (response.row.hasMessage ? [UInt8](response.row.message) : nil, Int(response.panes))
    }

    /// Appends values without keys; returns the ends of the buckets that took them.
    package func append(_ values: [[UInt8]], to category: String) async throws(ClientError) -> [WireBucketEnd] {
        try await append(values, to: self.category(category))
    }

    package func append(_ values: [[UInt8]], to category: Category) async throws(ClientError) -> [WireBucketEnd] {
        var strings = ByteStrings()
        for value in values { value.withUnsafeBytes { strings.append($0) } }
        let ends = try await category.append(values: strings, timeout: .seconds(60))
        return ends.map { end in
            var wire = WireBucketEnd()
            wire.bucket = UInt32(clamping: end.bucket)
            wire.offset = end.offset
            return wire
        }
    }

    package func read(_ request: WireReadRequest) async throws(ClientError) -> WireReadResponse {
        try await call(
            .read, request, isIdempotent: true,
            deadline: deadline(nil) + .milliseconds(Int64(request.waitMilliseconds)))
    }

    /// Offsets by bucket.
    package func seek(_ request: WireSeekRequest) async throws(ClientError) -> [Int64] {
        try await seek(request, timeout: nil)
    }

    func seek(_ request: WireSeekRequest, timeout: Duration?) async throws(ClientError) -> [Int64] {
        let response: WireSeekResponse = try await call(
            .seek, request, isIdempotent: true, deadline: deadline(timeout))
        return response.offsets
    }
}
