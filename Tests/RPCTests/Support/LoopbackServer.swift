import Foundation
import NIOCore
import NIOPosix
import Synchronization

@testable import RPC

/// A listener on a free port of this machine with an echo behind it.
struct LoopbackServer: Sendable {
    let listener: RPCListener
    let handler: EchoHandler
    let reports: Reports
    static let group = MultiThreadedEventLoopGroup.singleton

    final class Reports: Sendable {
        let lines = Mutex<[String]>([])
    }

    static func start(
        _ security: ListenerSecurity = .plaintextOnLoopback, limits: RPCLimits = RPCLimits()
    ) async throws -> LoopbackServer {
        let handler = EchoHandler()
        let reports = Reports()
        let listener = try await RPCListener.start(
            host: "127.0.0.1", port: 0, security: security, group: group, limits: limits, handler: handler
        ) { line in reports.lines.withLock { $0.append(line) } }
        return LoopbackServer(listener: listener, handler: handler, reports: reports)
    }

    func dialer(_ security: DialerSecurity = .plaintext, host: String = "127.0.0.1") throws -> RPCDialer {
        try RPCDialer(host: host, port: listener.port, security: security, group: Self.group)
    }

    /// Until it holds, or for ten seconds.
    static func wait(until condition: () -> Bool) async throws {
        for _ in 0..<1000 where !condition() { try await Task.sleep(for: .milliseconds(10)) }
    }
}

/// A folder that goes away with the test.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("maser-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        path = folder.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
