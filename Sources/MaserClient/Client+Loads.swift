internal import NIOCore
package import RPC
internal import SwiftProtobuf

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

// Loads, and the versions that they make: what the command line needs beyond the public client.

extension Client {
    /// What whoever builds a version has to know of a table, as JSON.
    package func loadDescriptor(of table: String) async throws(ClientError) -> [UInt8] {
        var request = WireLoadDescriptorRequest()
        request.table = table
        let response: WireLoadDescriptorResponse = try await ask(.loadDescriptor, request)
        return [UInt8](response.descriptor)
    }

    /// Says which parts of which files the server has already, so that it can be repeated.
    /// - Parameters:
    ///   - isAgain: a manifest that was adopted already is not refused.
    ///   - live: `earliest` or `replace`, where a category feeds the table and the manifest has no cut.
    package func beginLoad(
        manifest: [UInt8], isAgain: Bool = false, live: String = ""
    ) async throws(ClientError) -> WireBeginLoadResponse {
        var request = WireBeginLoadRequest()
        request.manifest = Data(manifest)
        request.again = isAgain
        request.live = live
        return try await call(.beginLoad, request, isIdempotent: true, deadline: deadline(Self.changeTimeout))
    }

    /// Sends a piece of a file, which names its place: it can be repeated. Returns how many bytes of the file are there.
    package func upload(load: String, file: UInt32, offset: Int64, data: Data) async throws(ClientError) -> Int64 {
        let answer = try await call(.upload, isIdempotent: true, deadline: deadline(Self.changeTimeout)) { writer in
            data.withUnsafeBytes {
                WireUploadRequest.append(load: load, file: file, offset: offset, data: $0, to: &writer)
            }
        }
        do {
            return try WireUploadResponse(serializedBytes: [UInt8](answer.readableBytesView)).received
        } catch {
            throw ClientError(reading: error)
        }
    }

    /// Repeated, it answers with the version that it made before.
    package func finishLoad(
        _ load: String, isForced: Bool = false
    ) async throws(ClientError) -> WireFinishLoadResponse {
        var request = WireFinishLoadRequest()
        request.load = load
        request.force = isForced
        return try await call(.finishLoad, request, isIdempotent: true, deadline: deadline(Self.finishTimeout))
    }

    package func abortLoad(_ load: String) async throws(ClientError) {
        var request = WireAbortLoadRequest()
        request.load = load
        let _: WireEmpty = try await call(
            .abortLoad, request, isIdempotent: false, deadline: deadline(Self.changeTimeout))
    }

    // MARK: Versions

    /// Lets another version serve: the one that served last before, unless one is named.
    package func rollback(_ table: String, to version: UInt32?) async throws(ClientError) -> WireRollbackResponse {
        var request = WireRollbackRequest()
        request.table = table
        request.version = version ?? 0
        return try await call(.rollback, request, isIdempotent: false, deadline: deadline(Self.changeTimeout))
    }

    /// Drops a version that does not serve. Returns the bytes of disk that are free now.
    package func dropVersion(_ version: UInt32, of table: String) async throws(ClientError) -> Int64 {
        var request = WireDropVersionRequest()
        request.table = table
        request.version = version
        let response: WireDropVersionResponse = try await call(
            .dropVersion, request, isIdempotent: false, deadline: deadline(Self.finishTimeout))
        return response.freedBytes
    }

    /// A place in every bucket of a category (Protocols/cut.md): before the first record appended at `time` or later, or behind
    /// all that there are.
    package func cut(_ category: String, at time: Int64?) async throws(ClientError) -> [UInt8] {
        var request = WireCutRequest()
        request.category = category
        if let time { request.appendTime = time }
        let response: WireCutResponse = try await ask(.cut, request)
        return [UInt8](response.cut)
    }

    /// Checking and ingesting a large version takes its time.
    private static var finishTimeout: Duration { .seconds(1800) }
}
