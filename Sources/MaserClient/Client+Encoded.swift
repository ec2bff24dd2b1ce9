internal import Bytes
internal import NIOCore
package import RPC
internal import Records

// Rows, keys and records as the wire has them, for who reads them by a descriptor: the command line and its benchmarks.

/// What a read asks for beyond its keys.
package struct EncodedReading: Hashable, Sendable {
    /// nil: the version that serves.
    package var version: UInt32?
    /// Numbers of the columns wanted; none: all.
    package var columns: [UInt32]
    /// States as they are stored, not columns.
    package var isRaw: Bool
    package var contract: ReadContract

    package init(
        version: UInt32? = nil, columns: [UInt32] = [], isRaw: Bool = false, contract: ReadContract = ReadContract()
    ) {
        self.version = version
        self.columns = columns
        self.isRaw = isRaw
        self.contract = contract
    }
}

/// A key range of a table; bounds are encoded key columns that follow the prefix.
package struct ClientScan: Sendable {
    package var table: String
    package var prefix: [UInt8]
    package var from: [UInt8]?
    package var to: [UInt8]?
    package var isReversed: Bool
    /// nil: all rows.
    package var limit: Int?
    package var reading: EncodedReading
    var continuation: [UInt8] = []

    package init(
        table: String, prefix: [UInt8] = [], from: [UInt8]? = nil, to: [UInt8]? = nil, isReversed: Bool = false,
        limit: Int? = nil, reading: EncodedReading = EncodedReading()
    ) {
        self.table = table
        self.prefix = prefix
        self.from = from
        self.to = to
        self.isReversed = isReversed
        self.limit = limit
        self.reading = reading
    }
}

extension Client {
    /// The messages of the rows with these encoded keys, in their order.
    package func get(_ table: String, keys: [[UInt8]]) async throws(ClientError) -> [[UInt8]?] {
        try await get(table, keys: keys, EncodedReading()).value
    }

    package func get(
        _ table: String, keys: [[UInt8]], _ reading: EncodedReading
    ) async throws(ClientError) -> Answer<[[UInt8]?]> {
        let response = try await call(.get, encodedCall) { writer in
            WireGetRequest.append(
                table: table, keys: keys, version: reading.version, columns: reading.columns, raw: reading.isRaw,
                to: &writer)
            WireGetRequest.append(contract: reading.contract, to: &writer)
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
                return Answer(value: messages, freshness: rows.freshness, version: rows.version)
            } catch {
                throw ClientError(reading: error)
            }
        }
    }

    /// Hands over the rows of a range a page at a time.
    package func scan(
        _ range: ClientScan, page body: (Answer<[(key: [UInt8], message: [UInt8])]>) async throws -> Void
    ) async throws {
        var range = range
        repeat {
            let response = try await scanPage(range, encodedCall)
            let page = try response.reading { bytes throws(ClientError) in
                do {
                    var reader = try WireScanResponse.Reader(bytes)
                    range.continuation = [UInt8](reader.continuation)
                    var rows: [(key: [UInt8], message: [UInt8])] = []
                    rows.reserveCapacity(reader.rowCount)
                    while let row = try reader.next() { rows.append(([UInt8](row.key), [UInt8](row.message))) }
                    return Answer(value: rows, freshness: reader.freshness, version: reader.version)
                } catch {
                    throw ClientError(reading: error)
                }
            }
            if let limit = range.limit { range.limit = limit - page.value.count }
            try await body(page)
        } while !range.continuation.isEmpty && range.limit ?? 1 > 0
    }

    func scanPage(_ range: ClientScan, _ options: CallOptions) async throws(ClientError) -> ByteBuffer {
        try await call(.scan, options) { writer in
            WireScanRequest.append(
                table: range.table, prefix: range.prefix, from: range.from, to: range.to, reverse: range.isReversed,
                limit: range.limit.map { UInt32(clamping: $0) } ?? 0, continuation: range.continuation,
                version: range.reading.version, contract: range.reading.contract, columns: range.reading.columns,
                raw: range.reading.isRaw, into: &writer)
        }
    }

    /// The combined row of a key's panes, and how many there were.
    package func fold(
        _ table: String, key: [UInt8], from: Int64?, to: Int64?, _ reading: EncodedReading = EncodedReading()
    ) async throws(ClientError) -> Answer<(message: [UInt8]?, panes: Int)> {
        let response = try await fold(table, encodedKey: key, from: from, to: to, reading, encodedCall)
        return Answer(
            value: (response.row.hasMessage ? [UInt8](response.row.message) : nil, Int(response.panes)),
            freshness: response.hasFreshness ? response.freshness : nil, version: response.version)
    }

    private var encodedCall: CallOptions { CallOptions(deadline: deadline(nil), hedging: configuration.hedging) }

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
            .read, request, CallOptions(deadline: deadline(nil) + .milliseconds(Int64(request.waitMilliseconds))))
    }

    /// Offsets by bucket.
    package func seek(_ request: WireSeekRequest) async throws(ClientError) -> [Int64] {
        try await seek(request, timeout: nil)
    }

    func seek(_ request: WireSeekRequest, timeout: Duration?) async throws(ClientError) -> [Int64] {
        let response: WireSeekResponse = try await call(
            .seek, request, CallOptions(deadline: deadline(timeout)))
        return response.offsets
    }
}
