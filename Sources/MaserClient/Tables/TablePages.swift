internal import Bytes
internal import NIOCore
internal import RPC
internal import Records

/// The pages of a scan, as many rows at once as the server sends. A page may be empty though others follow.
public struct TablePages<RowType: Decodable & Sendable>: AsyncSequence, Sendable {
    public typealias Failure = ClientError

    let scan: TableScan<RowType>

    public func makeAsyncIterator() -> Iterator { Iterator(scan: scan, wantsFreshness: true) }

    public struct Iterator: AsyncIteratorProtocol {
        private let scan: TableScan<RowType>
        private let wantsFreshness: Bool
        /// Rows that may still be returned.
        private var left: Int
        private var continuation: [UInt8] = []
        private var hasBegun = false

        init(scan: TableScan<RowType>, wantsFreshness: Bool) {
            self.scan = scan
            self.wantsFreshness = wantsFreshness
            left = scan.limit ?? .max
        }

        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(ClientError) -> Answer<[RowType]>? {
            guard let page = try await nextRows(isolation: actor) else { return nil }
            return try page.map { rows throws(ClientError) in
                var elements: [RowType] = []
                elements.reserveCapacity(rows.count)
                for row in rows { elements.append(try RowDecoder.decode(RowType.self, from: row)) }
                return elements
            }
        }

        public mutating func next() async throws(ClientError) -> Answer<[RowType]>? {
            try await next(isolation: nil)
        }

        mutating func nextRows(isolation actor: isolated (any Actor)?) async throws(ClientError) -> Answer<[Row]>? {
            if hasBegun ? continuation.isEmpty || left <= 0 : left <= 0 { return nil }
            let page: Answer<[Row]>
            (page, continuation) = try await scan.page(
                after: continuation, limit: left, wantsFreshness: wantsFreshness)
            hasBegun = true
            left -= page.value.count
            return page
        }
    }
}

extension TableScan {
    func page(
        after continuation: [UInt8], limit: Int, wantsFreshness: Bool
    ) async throws(ClientError) -> (page: Answer<[Row]>, continuation: [UInt8]) {
        var options = options
        // What the first page waited for, the later ones have.
        if !continuation.isEmpty { options.waitingFor = [] }
        let call = client.callOptions(options)
        var schema = try await client.schema(of: table, deadline: call.deadline)
        for _ in 0..<Client.schemaAttempts {
            let projection = try schema.projection(to: options.columns)
            var range = try encodedRange(schema)
            range.continuation = continuation
            range.limit = limit == .max ? nil : limit
            range.reading = EncodedReading(
                version: options.version, columns: projection.numbers,
                contract: options.contract(wantsFreshness: wantsFreshness))
            let response = try await client.scanPage(range, call)
            if let page = try read(response, projection.schema) { return page }
            schema = try await client.schema(of: table, replacing: schema, deadline: call.deadline)
        }
        throw Client.restless(table)
    }

    private func encodedRange(_ schema: TableSchema) throws(ClientError) -> ClientScan {
        let rest = schema.keyColumns.dropFirst(prefix.count)
        var range = ClientScan(
            table: table, prefix: try TableSchema.encode(schema.leadingValues(prefix, columns: schema.keyColumns)),
            isReversed: reverse)
        if let from { range.from = try TableSchema.encode(schema.leadingValues(from, columns: rest)) }
        if let to { range.to = try TableSchema.encode(schema.leadingValues(to, columns: rest)) }
        return range
    }

    /// nil where the rows have another schema.
    private func read(
        _ response: ByteBuffer, _ schema: TableSchema
    ) throws(ClientError) -> (page: Answer<[Row]>, continuation: [UInt8])? {
        try response.reading { bytes throws(ClientError) in
            do {
                var reader = try WireScanResponse.Reader(bytes)
                guard schema.matches(id: reader.tableID, revision: reader.schemaRevision) else { return nil }
                var rows: [Row] = []
                rows.reserveCapacity(reader.rowCount)
                while let row = try reader.next() {
                    rows.append(try schema.row(encodedKey: row.key, message: row.message))
                }
                return (
                    Answer(value: rows, freshness: reader.freshness, version: reader.version),
                    [UInt8](reader.continuation)
                )
            } catch {
                throw ClientError(reading: error)
            }
        }
    }
}
