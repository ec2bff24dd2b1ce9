import Foundation
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import RPC

/// Handshakes that go on from an earlier one, and those that must not.
@Suite("TLS resumption")
struct TLSResumptionTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try DevelopmentCertificates.write(to: folder.path)
    }

    private func file(_ name: String) -> String { "\(folder.path)/\(name)" }

    private func server(_ version: TLSVersion = .tls13, ca: String = "ca.pem") -> TLSServerConfiguration {
        TLSServerConfiguration(
            certificateFile: file("server.pem"), keyFile: file("server.key"), clientCAFile: file(ca),
            leastVersion: version)
    }

    private func client(_ version: TLSVersion = .tls13, name: String = "client") -> TLSClientConfiguration {
        var configuration = TLSClientConfiguration(
            caFile: file("ca.pem"), certificateFile: file("\(name).pem"), keyFile: file("\(name).key"))
        configuration.leastVersion = version
        configuration.greatestVersion = version
        return configuration
    }

    /// A handshake without a socket. What the server saw of it.
    private func shakeHands(_ server: TLSContext, _ client: TLSContext) throws -> (isResumed: Bool, name: String?) {
        let ends = (
            try TLSSession(context: client, serverName: "127.0.0.1"), try TLSSession(context: server, serverName: nil)
        )
        var isDone = (false, false)
        for _ in 0..<10 where !(isDone.0 && isDone.1) {
            isDone.0 = try ends.0.handshake()
            pass(from: ends.0, to: ends.1)
            isDone.1 = try ends.1.handshake()
            pass(from: ends.1, to: ends.0)
        }
        #expect(isDone == (true, true))
        // Tickets come behind the handshake in 1.3.
        var plaintext = ByteBuffer()
        _ = try ends.0.read(into: &plaintext)
        #expect(ends.0.isResumed == ends.1.isResumed)
        return (ends.1.isResumed, ends.1.peerName)
    }

    private func pass(from sender: TLSSession, to receiver: TLSSession) {
        var bytes = ByteBuffer()
        sender.takeOutput(into: &bytes)
        receiver.receive(bytes)
    }

    @Test(
        "a client's second connection resumes the session of its first, and keeps its name",
        arguments: TLSVersion.allCases)
    func resumes(version: TLSVersion) throws {
        let server = try TLSContext(server: server(version))
        let client = try TLSContext(client: client(version))
        #expect(try shakeHands(server, client) == (false, "client"))
        for _ in 0..<3 { #expect(try shakeHands(server, client) == (true, "client")) }
    }

    @Test("connections of one client over sockets resume, and one of another client does not")
    func sockets() async throws {
        let server = try await LoopbackServer.start(.tls(server()))
        let dialer = try server.dialer(.tls(client()))
        for round in 0..<3 {
            let connection = try await dialer.connect()
            let answer: WireHello = try await connection.request(.listApps, WireListAppsRequest())
            #expect(answer.software == "client")
            #expect(server.listener.tlsFigures?.handshakes == Int64(round + 1))
            #expect(server.listener.tlsFigures?.resumptions == Int64(round))
            connection.close()
        }
        let other = try await server.dialer(.tls(client())).connect()
        #expect(server.listener.tlsFigures?.resumptions == 2)
        other.close()
        #expect(server.listener.tlsFigures?.underWay == 0)
        await server.listener.drain()
    }

    @Test("a new certificate of the server ends no session, another client CA ends all", arguments: TLSVersion.allCases)
    func reloads(version: TLSVersion) throws {
        let tickets = TicketKeys()
        let client = try TLSContext(client: client(version))
        _ = try shakeHands(try TLSContext(server: server(version), tickets: tickets), client)
        try DevelopmentCertificates.write(to: folder.path)
        let renewed = try TLSContext(server: server(version), tickets: tickets)
        #expect(try shakeHands(renewed, client).isResumed)
        // The old CA is still among those of the file: whom it signed is let in, by a whole handshake.
        let other = try TemporaryFolder()
        try DevelopmentCertificates.write(to: other.path)
        let both =
            try String(contentsOfFile: file("ca.pem"), encoding: .utf8)
            + String(contentsOfFile: "\(other.path)/ca.pem", encoding: .utf8)
        try both.write(toFile: file("both.pem"), atomically: true, encoding: .utf8)
        let wider = try TLSContext(server: server(version, ca: "both.pem"), tickets: tickets)
        #expect(try shakeHands(wider, client) == (false, "client"))
        // And no longer: a session does not help.
        try String(contentsOfFile: "\(other.path)/ca.pem", encoding: .utf8)
            .write(toFile: file("other.pem"), atomically: true, encoding: .utf8)
        let foreign = try TLSContext(server: server(version, ca: "other.pem"), tickets: tickets)
        #expect(throws: RPCError.self) { _ = try shakeHands(foreign, client) }
    }

    @Test(
        "a client whose certificate has expired since does not get in with its session", arguments: TLSVersion.allCases)
    func expires(version: TLSVersion) async throws {
        try DevelopmentCertificates.write(
            .init(name: "brief", usage: .client, validTo: 2), named: "brief", in: folder.path)
        let server = try TLSContext(server: server(version))
        let client = try TLSContext(client: client(version, name: "brief"))
        #expect(try shakeHands(server, client) == (false, "brief"))
        #expect(try shakeHands(server, client) == (true, "brief"))
        // Certificates have no injected clock: time itself has to pass.
        try await Task.sleep(for: .seconds(4))
        let error = #expect(throws: RPCError.self) { _ = try shakeHands(server, client) }
        #expect(error?.message.contains("expired on") == true)
    }

    @Test("keys of tickets are replaced after their lifetime, and forgotten after another")
    func rotation() throws {
        let time = Mutex<Int64>(0)
        let tickets = TicketKeys { time.withLock { $0 } }
        let server = try TLSContext(server: server(), tickets: tickets)
        let client = try TLSContext(client: client())
        _ = try shakeHands(server, client)
        let first = try #require(tickets.newest)
        time.withLock { $0 = TicketKeys.lifetime }
        #expect(try shakeHands(server, client).isResumed)
        let second = try #require(tickets.newest)
        #expect(first.name != second.name)
        #expect(first.name.withUnsafeBytes { tickets.key(named: $0)?.isNewest } == false)
        time.withLock { $0 = 2 * TicketKeys.lifetime }
        #expect(first.name.withUnsafeBytes { tickets.key(named: $0) } == nil)
        // The session was sealed anew with the second key.
        #expect(try shakeHands(server, client).isResumed)
        time.withLock { $0 = 5 * TicketKeys.lifetime }
        #expect(try shakeHands(server, client) == (false, "client"))
    }

    @Test("tickets of another server are no tickets")
    func otherServer() throws {
        let client = try TLSContext(client: client())
        _ = try shakeHands(try TLSContext(server: server()), client)
        #expect(try shakeHands(try TLSContext(server: server()), client) == (false, "client"))
    }
}
