import Bytes
import Foundation
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import RPC

@Suite("TLS")
struct TLSTests {
    private let folder: TemporaryFolder
    private let other: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        other = try TemporaryFolder()
        try DevelopmentCertificates.write(to: folder.path)
        try DevelopmentCertificates.write(to: other.path)
    }

    private func server(_ name: String = "server", in folder: TemporaryFolder? = nil, mutual: Bool = true)
        -> ListenerSecurity
    {
        let path = (folder ?? self.folder).path
        return .tls(
            TLSServerConfiguration(
                certificateFile: "\(path)/\(name).pem", keyFile: "\(path)/\(name).key",
                clientCAFile: mutual ? "\(self.folder.path)/ca.pem" : nil))
    }

    private func client(_ name: String? = "client", in folder: TemporaryFolder? = nil) -> DialerSecurity {
        let path = (folder ?? self.folder).path
        return .tls(
            TLSClientConfiguration(
                caFile: "\(self.folder.path)/ca.pem", certificateFile: name.map { "\(path)/\($0).pem" },
                keyFile: name.map { "\(path)/\($0).key" }))
    }

    /// The line that a client gets when it may not connect, and the server's.
    private func refusal(
        _ server: ListenerSecurity, _ client: DialerSecurity, host: String = "127.0.0.1"
    ) async throws -> (client: String, server: String) {
        let server = try await LoopbackServer.start(server)
        let dialer = try server.dialer(client, host: host)
        let error = await #expect(throws: RPCError.self) { _ = try await dialer.connect() }
        #expect(error?.code == .tlsFailed)
        #expect(error?.isRetriable == false)
        try await LoopbackServer.wait { server.reports.lines.withLock { !$0.isEmpty } }
        let lines = server.reports.lines.withLock { $0 }
        #expect(lines.count == 1)
        await server.listener.drain()
        return (error?.message ?? "", lines.first ?? "")
    }

    @Test("mutual TLS connects by name and by address, and the certificate names the caller")
    func mutual() async throws {
        let server = try await LoopbackServer.start(server())
        for host in ["localhost", "127.0.0.1"] {
            let connection = try await server.dialer(client(), host: host).connect()
            let answer: WireHello = try await connection.request(.listApps, WireListAppsRequest())
            #expect(answer.software == "client")
            connection.close()
        }
        await server.listener.drain()
    }

    @Test("without mutual TLS a client needs no certificate")
    func serverOnly() async throws {
        let server = try await LoopbackServer.start(server(mutual: false))
        let connection = try await server.dialer(client(nil)).connect()
        let answer: WireHello = try await connection.request(.listApps, WireListAppsRequest())
        #expect(answer.software == "nobody")
        connection.close()
        await server.listener.drain()
    }

    @Test("bursts, answers in any order and megabytes come through")
    func traffic() async throws {
        let server = try await LoopbackServer.start(server())
        let connection = try await server.dialer(client()).connect()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<500 {
                group.addTask {
                    let size = number == 250 ? 5_000_000 : number * 40
                    let message = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: size)
                    let answer = try await connection.request(number % 2 == 0 ? .get : .fold) {
                        $0.append(contentsOf: message)
                    }
                    return [UInt8](answer.readableBytesView) == message
                }
            }
            for try await isOwn in group { #expect(isOwn) }
        }
        connection.close()
        await server.listener.drain()
    }

    @Test("a client without a certificate learns that it needs one")
    func missingClientCertificate() async throws {
        let lines = try await refusal(server(), client(nil))
        #expect(lines.client.hasSuffix("the server wants a client certificate: give one with its private key"))
        #expect(lines.server.hasSuffix("the client shows no certificate, and mutual TLS needs one"))
    }

    @Test("a client whose certificate another CA signed is refused")
    func wrongClientCA() async throws {
        let lines = try await refusal(server(), client(in: other))
        #expect(lines.client.hasSuffix("the server does not trust the CA of this client's certificate"))
        #expect(lines.server.hasSuffix("the client's certificate is not signed by a CA that this server trusts"))
    }

    @Test("a server whose certificate another CA signed is not trusted")
    func wrongServerCA() async throws {
        let lines = try await refusal(server(in: other), client())
        #expect(
            lines.client.hasSuffix(
                "the server's certificate is not signed by a CA that this client trusts: give the CA that signed it"))
        #expect(lines.server.hasSuffix("the client does not trust the CA of this server's certificate"))
    }

    @Test("a server that is certified under another name is not trusted")
    func wrongName() async throws {
        try DevelopmentCertificates.write(
            .init(name: "other", usage: .server, hosts: ["maser.example", "10.0.0.1"]), named: "named", in: folder.path)
        let byAddress = try await refusal(server("named"), client())
        #expect(
            byAddress.client.hasSuffix("the server's certificate is for maser.example, 10.0.0.1, not for 127.0.0.1"))
        let byName = try await refusal(server("named"), client(), host: "localhost")
        #expect(byName.client.hasSuffix("the server's certificate is for maser.example, 10.0.0.1, not for localhost"))
    }

    @Test("an expired certificate is refused where it is shown, and where it is loaded")
    func expired() async throws {
        let day = DevelopmentCertificates.Subject.day
        try DevelopmentCertificates.write(
            .init(name: "late", usage: .client, validFrom: -2 * day, validTo: -day), named: "expired", in: folder.path)
        let error = #expect(throws: RPCError.self) { _ = try LoopbackServer.group.makeDialer(client("expired")) }
        #expect(error?.message.contains("expired.pem expired on ") == true)

        try DevelopmentCertificates.write(
            .init(name: "soon", usage: .server, hosts: ["127.0.0.1"], validTo: 2), named: "soon", in: folder.path)
        let server = try await LoopbackServer.start(server("soon"))
        try await Task.sleep(for: .seconds(3))
        let refusal = await #expect(throws: RPCError.self) { _ = try await server.dialer(client()).connect() }
        #expect(refusal?.message.contains("the server's certificate expired on ") == true)
        await server.listener.drain()
    }

    @Test("a server's certificate is not good for a client")
    func wrongUsage() async throws {
        let lines = try await refusal(server(), client("server"))
        #expect(lines.server.hasSuffix("the client's certificate is not made for a client"))
    }

    @Test("a client without TLS is refused in one line, and so is a server without it")
    func plaintextPeers() async throws {
        let server = try await LoopbackServer.start(server())
        let error = await #expect(throws: RPCError.self) { _ = try await server.dialer(.plaintext).connect() }
        #expect(error?.code == .connectionFailed)
        try await LoopbackServer.wait { server.reports.lines.withLock { !$0.isEmpty } }
        #expect(server.reports.lines.withLock { $0.first }?.hasSuffix("the client does not speak TLS") == true)
        await server.listener.drain()

        let plain = try await LoopbackServer.start()
        let refusal = await #expect(throws: RPCError.self) { _ = try await plain.dialer(client()).connect() }
        #expect(refusal?.message.hasSuffix("the server does not speak TLS") == true)
        await plain.listener.drain()
    }

    @Test("a peer that says nothing is not waited for")
    func silence() async throws {
        var limits = RPCLimits()
        limits.handshakeTimeout = .milliseconds(100)
        let server = try await LoopbackServer.start(server(), limits: limits)
        let channel = try await ClientBootstrap(group: LoopbackServer.group)
            .connect(host: "127.0.0.1", port: server.listener.port).get()
        try await channel.closeFuture.get()
        #expect(server.reports.lines.withLock { $0.count } == 1)
        await server.listener.drain()
    }

    @Test("files that are missing, unreadable or do not belong together are named")
    func badFiles() throws {
        func line(certificate: String, key: String, ca: String? = nil) -> String {
            let configuration = TLSServerConfiguration(certificateFile: certificate, keyFile: key, clientCAFile: ca)
            return #expect(throws: RPCError.self) { _ = try TLSContext(server: configuration) }?.message ?? ""
        }
        let path = folder.path
        #expect(
            line(certificate: "\(path)/no.pem", key: "\(path)/server.key")
                == "cannot read the certificate \(path)/no.pem: No such file or directory")
        #expect(
            line(certificate: "\(path)/server.key", key: "\(path)/server.key").contains("holds no certificate in PEM"))
        #expect(
            line(certificate: "\(path)/server.pem", key: "\(path)/client.key")
                .hasPrefix("\(path)/client.key is not the private key of \(path)/server.pem"))
        #expect(
            line(certificate: "\(path)/server.pem", key: "\(path)/server.key", ca: "\(path)/server.key")
                .contains("holds no CA certificate in PEM"))
    }
}

extension MultiThreadedEventLoopGroup {
    fileprivate func makeDialer(_ security: DialerSecurity) throws -> RPCDialer {
        try RPCDialer(host: "127.0.0.1", port: 1, security: security, group: self)
    }
}
