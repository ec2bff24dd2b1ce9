internal import NIOCore
package import RPC
internal import SwiftProtobuf

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

// What the command line needs beyond the public client: control operations, with the wire's own messages.

extension Client {
    // MARK: Descriptions

    package func describe(table: String) async throws(ClientError) -> WireTableDescriptor {
        try await describe(table: table, deadline: deadline(nil))
    }

    func describe(table: String, deadline: NIODeadline) async throws(ClientError) -> WireTableDescriptor {
        var request = WireDescribeTableRequest()
        request.table = table
        return try await call(.describeTable, request, CallOptions(deadline: deadline))
    }

    package func tables() async throws(ClientError) -> [WireTableDescriptor] {
        let response: WireListTablesResponse = try await ask(.listTables, WireListTablesRequest())
        return response.tables
    }

    package func describe(category: String) async throws(ClientError) -> WireCategoryDescriptor {
        var request = WireDescribeCategoryRequest()
        request.category = category
        return try await ask(.describeCategory, request)
    }

    package func categories() async throws(ClientError) -> [WireCategoryDescriptor] {
        let response: WireListCategoriesResponse = try await ask(.listCategories, WireListCategoriesRequest())
        return response.categories
    }

    /// Begins the next epoch of a producer. Repeated, it begins another, which does no harm.
    func openProducer(_ id: [UInt8], category: String) async throws(ClientError) -> UInt32 {
        var request = WireOpenProducerRequest()
        request.category = category
        request.id = Data(id)
        let response: WireOpenProducerResponse = try await ask(.openProducer, request)
        return response.epoch
    }

    package func apps() async throws(ClientError) -> [WireAppDescriptor] {
        let response: WireListAppsResponse = try await ask(.listApps, WireListAppsRequest())
        return response.apps
    }

    package func status() async throws(ClientError) -> WireStatusResponse {
        try await ask(.status, WireStatusRequest())
    }

    func ask<Answer: Message>(
        _ operation: RPC.Operation, _ request: some Message
    ) async throws(ClientError) -> Answer {
        try await call(operation, request, CallOptions(deadline: deadline(nil)))
    }

    // MARK: Apps

    /// Deploying is declarative, so that it can be repeated.
    /// With `isDryRun` it says what would change, and changes nothing.
    package func deploy(
        _ sql: String, file: String, isDryRun: Bool = false
    ) async throws(ClientError) -> WireDeployResponse {
        var request = WireDeployRequest()
        request.sql = sql
        request.file = file
        request.dryRun = isDryRun
        return try await call(.deploy, request, isIdempotent: true, deadline: deadline(Self.changeTimeout))
    }

    package func deleteApp(_ app: String, droppingTables: Bool) async throws(ClientError) {
        var request = WireDeleteAppRequest()
        request.app = app
        request.dropTables = droppingTables
        let _: WireEmpty = try await call(
            .deleteApp, request, isIdempotent: false, deadline: deadline(Self.changeTimeout))
    }

    /// Returns when the app has ended at a checkpoint; nothing where it has already.
    package func stopApp(_ app: String) async throws(ClientError) {
        var request = WireStopAppRequest()
        request.app = app
        let _: WireEmpty = try await call(.stopApp, request, isIdempotent: true, deadline: deadline(Self.changeTimeout))
    }

    package func startApp(_ app: String) async throws(ClientError) {
        var request = WireStartAppRequest()
        request.app = app
        let _: WireEmpty = try await call(
            .startApp, request, isIdempotent: true, deadline: deadline(Self.changeTimeout))
    }

    /// Begins to build a new version of a table from its category's history: from the first record appended at `time` or
    /// later, or from the earliest. Returns the version's number at once; it serves when it has caught up.
    package func backfill(_ table: String, from time: Int64?) async throws(ClientError) -> UInt32 {
        var request = WireBackfillRequest()
        request.table = table
        if let time { request.appendTime = time } else { request.earliest = WireEmpty() }
        let response: WireBackfillResponse = try await call(
            .backfill, request, isIdempotent: false, deadline: deadline(Self.changeTimeout))
        return response.version
    }

    static var changeTimeout: Duration { .seconds(60) }
}
