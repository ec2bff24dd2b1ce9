internal import NIOCore
internal import RPC
internal import Records

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

extension Client {
    func fold(
        _ table: String, _ key: [ColumnContent], from: Timestamp?, to: Timestamp?, deadline: NIODeadline
    ) async throws(ClientError) -> Row? {
        var schema = try await schema(of: table, deadline: deadline)
        for _ in 0..<Self.schemaAttempts {
            let folded = schema.folded
            let values = try folded.keyValues(key)
            let response = try await fold(
                table, encodedKey: try TableSchema.encode(values), from: from?.microseconds, to: to?.microseconds,
                deadline: deadline)
            if schema.matches(id: response.tableID, revision: response.schemaRevision) {
                guard response.row.hasMessage else { return nil }
                return try [UInt8](response.row.message).reading { bytes throws(ClientError) in
                    try folded.row(key: values, message: bytes)
                }
            }
            schema = try await self.schema(of: table, replacing: schema, deadline: deadline)
        }
        throw Self.restless(table)
    }

    func fold(
        _ table: String, encodedKey: [UInt8], from: Int64?, to: Int64?, deadline: NIODeadline
    ) async throws(ClientError) -> WireFoldResponse {
        var request = WireFoldRequest()
        request.table = table
        request.key = Data(encodedKey)
        if let from { request.from = from }
        if let to { request.to = to }
        return try await call(.fold, request, isIdempotent: true, deadline: deadline)
    }
}
