internal import Bytes
internal import Catalog
internal import Foundation
internal import RPC
internal import Records
internal import Tables

/// Answers get, scan and fold, on the event loop and in the connection's outgoing buffer.
struct LookupHandler: Sendable {
    /// Over all tables of one request.
    static let keysPerRequest = 10_000

    private let engine: Engine

    init(_ engine: Engine) {
        self.engine = engine
    }

    func get(
        _ request: Request, in burst: RequestBurst, _ catalog: CatalogSnapshot, _ session: CallerSession
    ) {
        burst.answer(request) { writer throws(RPCError) in
            do {
                var tables = WireGetRequest.Reader(request.message)
                var keyCount = 0
                while var wanted = try tables.next() {
                    keyCount += wanted.keyCount
                    guard keyCount <= Self.keysPerRequest else {
                        throw RPCError(
                            .invalidArgument, "a request takes up to \(Self.keysPerRequest) keys; ask in several")
                    }
                    let table = try catalog.table(wireName: wanted.table, for: session)
                    var keys = ByteStrings()
                    keys.ends.reserveCapacity(wanted.keyCount)
                    while let key = wanted.nextKey() { keys.append(key) }
                    append(try engine.tables.get(table, keys: keys), of: table, to: &writer)
                }
            } catch {
                throw RPCError(error)
            }
        }
    }

    private func append(_ rows: RowMessages, of table: TableEntry, to writer: inout ByteWriter) {
        WireGetResponse.append(tableID: table.id, schemaRevision: table.schemaRevision, to: &writer) { writer in
            rows.messages.arena.withUnsafeBytes { arena in
                for index in 0..<rows.count {
                    let message =
                        rows.isPresent[index]
                        ? UnsafeRawBufferPointer(rebasing: arena[rows.messages.range(at: index)]) : nil
                    WireRow.append(message, to: &writer)
                }
            }
        }
    }

    func scan(
        _ request: Request, in burst: RequestBurst, _ catalog: CatalogSnapshot, _ session: CallerSession
    ) {
        burst.answer(request) { writer throws(RPCError) in
            do {
                let view = try WireScanRequest.View(request.message)
                let table = try catalog.table(wireName: view.table, for: session)
                let page = try engine.tables.scan(table, ScanRange(view))
                WireScanResponse.append(tableID: table.id, schemaRevision: table.schemaRevision, to: &writer)
                page.keys.arena.withUnsafeBytes { keys in
                    page.rows.messages.arena.withUnsafeBytes { rows in
                        for index in 0..<page.keys.count {
                            WireScanResponse.append(
                                key: UnsafeRawBufferPointer(rebasing: keys[page.keys.range(at: index)]),
                                message: UnsafeRawBufferPointer(rebasing: rows[page.rows.messages.range(at: index)]),
                                to: &writer)
                        }
                    }
                }
                WireScanResponse.append(continuation: page.continuation, to: &writer)
            } catch {
                throw RPCError(error)
            }
        }
    }

    func fold(
        _ request: Request, in burst: RequestBurst, _ catalog: CatalogSnapshot, _ session: CallerSession
    ) {
        burst.answer(request) { writer throws(RPCError) in
            do {
                let wanted: WireFoldRequest = try request.decoded()
                let table = try catalog.table(named: wanted.table, for: session)
                let folded = try engine.tables.fold(
                    table, key: [UInt8](wanted.key), from: wanted.hasFrom ? wanted.from : nil,
                    to: wanted.hasTo ? wanted.to : nil)
                var response = WireFoldResponse()
                response.tableID = table.id
                response.schemaRevision = table.schemaRevision
                response.panes = UInt32(folded.panes)
                if let row = folded.row { response.row.message = Data(row) }
                try writer.append(message: response)
            } catch {
                throw RPCError(error)
            }
        }
    }
}

extension ScanRange {
    init(_ view: WireScanRequest.View) {
        self.init(
            prefix: [UInt8](view.prefix), from: view.from.map { [UInt8]($0) }, to: view.to.map { [UInt8]($0) },
            isReversed: view.reverse, limit: Int(view.limit), continuation: [UInt8](view.continuation))
    }
}

extension CatalogSnapshot {
    /// The table of a name as it stands in a message.
    func table(wireName: UnsafeRawBufferPointer) throws -> TableEntry {
        let name = try text(wireName)
        guard let table = table(named: name) else { throw RPCError.noTable(name) }
        return table
    }

    func category(wireName: UnsafeRawBufferPointer) throws -> CategoryEntry {
        let name = try text(wireName)
        guard let category = category(named: name) else { throw RPCError.noCategory(name) }
        return category
    }
}
