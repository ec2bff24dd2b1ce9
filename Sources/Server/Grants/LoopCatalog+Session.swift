internal import Bytes
internal import Catalog
internal import RPC
internal import SwiftProtobuf

// Tables for a caller who may read them, as an event loop finds them.

extension LoopCatalog {
    /// A table that the caller may read.
    func table(wireName: UnsafeRawBufferPointer, for session: CallerSession) throws(RPCError) -> TableReference {
        let table: TableReference
        do throws(RPCError) {
            table = try self.table(wireName: wireName)
        } catch {
            if error.code == .notFound {
                try session.check(.read, onName: .table(String(decoding: wireName, as: UTF8.self)))
            }
            throw error
        }
        try session.check(.read, on: table)
        return table
    }
}

extension LookupHandler {
    /// Whether the caller may read every table that a request names. What cannot be read is found out by whoever serves it.
    func check(_ request: Request, _ catalog: LoopCatalog, _ session: CallerSession) throws(RPCError) {
        switch request.operation {
        case .get:
            var tables = WireGetRequest.Reader(request.message)
            while let wanted = try? tables.next() { _ = try catalog.table(wireName: wanted.table, for: session) }
        case .scan:
            guard let view = try? WireScanRequest.View(request.message) else { return }
            _ = try catalog.table(wireName: view.table, for: session)
        case .fold:
            guard let wanted = try? WireFoldRequest(serializedBytes: [UInt8](request.message)) else { return }
            try [UInt8](wanted.table.utf8).withBytes { name throws(RPCError) in
                _ = try catalog.table(wireName: name, for: session)
            }
        default: break
        }
    }
}
