import Foundation
import NIOCore
import Synchronization
import Testing

@testable import RPC

/// Certificates that are replaced while a server runs, versions, and names.
@Suite("TLS reload, versions and names")
struct TLSReloadTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try DevelopmentCertificates.write(to: folder.path)
    }

    private func file(_ name: String) -> String { "\(folder.path)/\(name)" }

    private func server(_ version: TLSVersion = .tls13) -> ListenerSecurity {
        .tls(
            TLSServerConfiguration(
                certificateFile: file("server.pem"), keyFile: file("server.key"), clientCAFile: file("ca.pem"),
                leastVersion: version))
    }

    private func client(_ name: String = "client", versions: (TLSVersion, TLSVersion) = (.tls13, .tls13))
        -> DialerSecurity
    {
        var configuration = TLSClientConfiguration(
            caFile: file("ca.pem"), certificateFile: file("\(name).pem"), keyFile: file("\(name).key"))
        (configuration.leastVersion, configuration.greatestVersion) = versions
        return .tls(configuration)
    }

    private func caller(_ connection: ClientConnection) async throws -> String {
        let answer: WireHello = try await connection.request(.listApps, WireListAppsRequest())
        return answer.software
    }

    @Test("1.2 is refused by default, and let in when asked for")
    func versions() async throws {
        let strict = try await LoopbackServer.start(server())
        let error = await #expect(throws: RPCError.self) {
            _ = try await strict.dialer(client(versions: (.tls12, .tls12))).connect()
        }
        #expect(error?.message.hasSuffix("the server wants another version of TLS than this client offers") == true)
        try await LoopbackServer.wait { strict.reports.lines.withLock { !$0.isEmpty } }
        #expect(
            strict.reports.lines.withLock { $0.first }?
                .hasSuffix("the client speaks no TLS of version 1.3, the least that this server takes") == true)
        await strict.listener.drain()
        let lenient = try await LoopbackServer.start(server(.tls12))
        for versions: (TLSVersion, TLSVersion) in [(.tls12, .tls12), (.tls12, .tls13), (.tls13, .tls13)] {
            let connection = try await lenient.dialer(client(versions: versions)).connect()
            #expect(try await caller(connection) == "client")
            connection.close()
        }
        await lenient.listener.drain()
    }

    @Test("after a reload new connections meet the new CA, and those that stand go on")
    func newCA() async throws {
        let server = try await LoopbackServer.start(server())
        let former = try server.dialer(client())
        let standing = try await former.connect()
        try DevelopmentCertificates.write(to: folder.path, replacingCA: true)
        try server.listener.reloadCertificates()
        let newer = try await server.dialer(client()).connect()
        #expect(try await caller(newer) == "client")
        #expect(try await caller(standing) == "client")
        // The dialer reads its own files again, and is let in with the new ones.
        let again = try await former.connect()
        #expect(try await caller(again) == "client")
        for connection in [standing, newer, again] { connection.close() }
        await server.listener.drain()
    }

    @Test("a client of the former CA is refused after the reload, session or not")
    func formerCA() async throws {
        let server = try await LoopbackServer.start(server())
        let copy = try TemporaryFolder()
        for name in ["client.pem", "client.key"] {
            try FileManager.default.copyItem(atPath: file(name), toPath: "\(copy.path)/\(name)")
        }
        let both = file("ca-of-both.pem")
        try FileManager.default.copyItem(atPath: file("ca.pem"), toPath: both)
        let dialer = try server.dialer(
            .tls(
                TLSClientConfiguration(
                    caFile: both, certificateFile: "\(copy.path)/client.pem", keyFile: "\(copy.path)/client.key")))
        let standing = try await dialer.connect()
        #expect(try await caller(standing) == "client")
        try DevelopmentCertificates.write(to: folder.path, replacingCA: true)
        try server.listener.reloadCertificates()
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: both))
        try handle.seekToEnd()
        try handle.write(contentsOf: try Data(contentsOf: URL(fileURLWithPath: file("ca.pem"))))
        let error = await #expect(throws: RPCError.self) { _ = try await dialer.connect() }
        #expect(
            error?.message.contains("does not trust the CA of this client's certificate") == true,
            "\(error?.message ?? "")")
        #expect(try await caller(standing) == "client")
        standing.close()
        await server.listener.drain()
    }

    @Test("files that cannot be used leave those of before in force")
    func badReload() async throws {
        let server = try await LoopbackServer.start(server())
        try "garbage".write(toFile: file("server.pem"), atomically: true, encoding: .utf8)
        let error = #expect(throws: RPCError.self) { try server.listener.reloadCertificates() }
        #expect(error?.message.contains("server.pem holds no certificate in PEM") == true)
        let connection = try await server.dialer(client()).connect()
        #expect(try await caller(connection) == "client")
        connection.close()
        await server.listener.drain()
    }

    @Test("a caller is named by a URI, else a DNS name, else an address, else the common name; the first of its kind")
    func names() throws {
        func name(_ alternatives: String?) throws -> String? {
            let made = Process()
            made.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            made.arguments =
                [
                    "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj",
                    "/CN=common name", "-keyout", file("named.key"), "-out", file("named.pem"),
                ] + (alternatives.map { ["-addext", "subjectAltName=\($0)"] } ?? [])
            made.standardError = FileHandle.nullDevice
            try made.run()
            made.waitUntilExit()
            #expect(made.terminationStatus == 0)
            let context = try TLSContext(
                server: TLSServerConfiguration(
                    certificateFile: file("named.pem"), keyFile: file("named.key"), clientCAFile: nil))
            return context.ownCallerName
        }
        #expect(try name(nil) == "common name")
        #expect(try name("email:a@b.example,DNS:d.example,URI:spiffe://x/one,URI:spiffe://x/two") == "spiffe://x/one")
        #expect(try name("email:a@b.example,IP:10.0.0.1,DNS:d.example,DNS:c.example") == "d.example")
        #expect(try name("IP:10.0.0.1,email:a@b.example") == "a@b.example")
        #expect(try name("IP:10.0.0.1") == "common name")
        // What is there and cannot be used is not passed over for another name.
        #expect(try name("URI:\(String(repeating: "u", count: 256)),DNS:d.example") == nil)
        #expect(CallerName.usable([UInt8]("a\0b".utf8)) == nil)
        #expect(CallerName.usable([0xff, 0xfe]) == nil)
        #expect(CallerName.usable([]) == nil)
    }
}
