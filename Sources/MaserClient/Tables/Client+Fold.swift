internal import Bytes
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
        _ table: String, _ key: [ColumnContent], from: Timestamp?, to: Timestamp?, _ options: ReadOptions,
        wantsFreshness: Bool = false
    ) async throws(ClientError) -> Answer<Row?> {
        let call = callOptions(options)
        let contract = options.contract(wantsFreshness: wantsFreshness)
        var schema = try await schema(of: table, deadline: call.deadline)
        for _ in 0..<Self.schemaAttempts {
            // A fold has no columns to choose from on the wire: its one row has them all.
            let folded = try schema.projection(to: options.columns).schema.folded
            let values = try folded.keyValues(key)
            let response = try await fold(
                table, encodedKey: try TableSchema.encode(values), from: from?.microseconds, to: to?.microseconds,
                EncodedReading(version: options.version, contract: contract), call)
            if schema.matches(id: response.tableID, revision: response.schemaRevision) {
                var row: Row?
                if response.row.hasMessage {
                    row = try [UInt8](response.row.message).reading { bytes throws(ClientError) in
                        try folded.row(key: values, message: bytes)
                    }
                }
                return Answer(
                    value: row, freshness: response.hasFreshness ? response.freshness : nil, version: response.version)
            }
            schema = try await self.schema(of: table, replacing: schema, deadline: call.deadline)
        }
        throw Self.restless(table)
    }

    func fold(
        _ table: String, encodedKey: [UInt8], from: Int64?, to: Int64?, _ reading: EncodedReading, _ call: CallOptions
    ) async throws(ClientError) -> WireFoldResponse {
        var request = WireFoldRequest()
        request.table = table
        request.key = Data(encodedKey)
        if let from { request.from = from }
        if let to { request.to = to }
        if let version = reading.version { request.version = version }
        if !reading.contract.isEmpty { request.contract = WireReadContract(reading.contract) }
        return try await self.call(.fold, request, call)
    }
}

extension WireReadContract {
    init(_ contract: ReadContract) {
        self.init()
        if let milliseconds = contract.maximumStalenessMilliseconds { maxStalenessMilliseconds = milliseconds }
        waitFor = contract.positions.map { position in
            var applied = WireAppliedPosition()
            (applied.category, applied.bucket, applied.offset) = (position.category, position.bucket, position.offset)
            return applied
        }
        freshness = contract.wantsFreshness
    }
}
