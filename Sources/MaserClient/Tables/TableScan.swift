internal import Bytes
internal import NIOCore
internal import RPC
internal import Records

/// The rows of a key range, in key order, fetched a page at a time while they are read.
///
/// Each page is of one moment; together they are not a snapshot.
public struct TableScan<Element: Decodable & Sendable>: AsyncSequence, Sendable {
    public typealias Failure = ClientError

    let client: Client
    let table: String
    let prefix: [ColumnContent]
    let from: [ColumnContent]?
    let to: [ColumnContent]?
    let reverse: Bool
    let limit: Int?
    let timeout: Duration?

    public func makeAsyncIterator() -> Iterator { Iterator(scan: self, left: limit ?? .max) }

    public struct Iterator: AsyncIteratorProtocol {
        let scan: TableScan<Element>
        /// Rows that may still be returned.
        var left: Int
        private var rows: [Row] = []
        private var position = 0
        private var continuation: [UInt8] = []
        private var isExhausted = false

        init(scan: TableScan<Element>, left: Int) {
            self.scan = scan
            self.left = left
        }

        public mutating func next(isolation actor: isolated (any Actor)?) async throws(ClientError) -> Element? {
            while position == rows.count {
                if isExhausted || left <= 0 { return nil }
                (rows, continuation) = try await scan.page(after: continuation, limit: left)
                position = 0
                isExhausted = continuation.isEmpty
            }
            defer {
                position += 1
                left -= 1
            }
            return try RowDecoder.decode(Element.self, from: rows[position])
        }

        public mutating func next() async throws(ClientError) -> Element? {
            try await next(isolation: nil)
        }
    }

    private func page(after continuation: [UInt8], limit: Int) async throws(ClientError) -> ([Row], [UInt8]) {
        let deadline = client.deadline(timeout)
        var schema = try await client.schema(of: table, deadline: deadline)
        for _ in 0..<Client.schemaAttempts {
            let range = try encodedRange(schema, continuation: continuation, limit: limit)
            let response = try await client.scanPage(range, deadline: deadline)
            if let page = try read(response, schema) { return page }
            schema = try await client.schema(of: table, replacing: schema, deadline: deadline)
        }
        throw Client.restless(table)
    }

    private func encodedRange(
        _ schema: TableSchema, continuation: [UInt8], limit: Int
    ) throws(ClientError) -> ClientScan {
        let rest = schema.keyColumns.dropFirst(prefix.count)
        var range = ClientScan(
            table: table, prefix: try TableSchema.encode(schema.leadingValues(prefix, columns: schema.keyColumns)),
            isReversed: reverse, limit: limit == .max ? nil : limit)
        if let from { range.from = try TableSchema.encode(schema.leadingValues(from, columns: rest)) }
        if let to { range.to = try TableSchema.encode(schema.leadingValues(to, columns: rest)) }
        range.continuation = continuation
        return range
    }

    /// nil where the rows have another schema.
    private func read(_ response: ByteBuffer, _ schema: TableSchema) throws(ClientError) -> ([Row], [UInt8])? {
        try response.reading { bytes throws(ClientError) in
            do {
                var reader = try WireScanResponse.Reader(bytes)
                guard schema.matches(id: reader.tableID, revision: reader.schemaRevision) else { return nil }
                var rows: [Row] = []
                rows.reserveCapacity(reader.rowCount)
                while let row = try reader.next() {
                    rows.append(try schema.row(encodedKey: row.key, message: row.message))
                }
                return (rows, [UInt8](reader.continuation))
            } catch {
                throw ClientError(reading: error)
            }
        }
    }
}
