import NIOCore
import NIOEmbedded
import NIOPosix
import Synchronization
import Testing

@testable import RPC

/// What a flood of handshakes may take from a loop and a listener.
@Suite("Handshake limits")
struct HandshakeLimitTests {
    private final class Ticket {}

    private func entrance(
        _ ticket: Ticket, at milliseconds: Int64, _ evicted: @escaping @Sendable () -> Void = {}
    ) -> HandshakeDoor.Entrance {
        HandshakeDoor.Entrance(
            id: ObjectIdentifier(ticket), since: .uptimeNanoseconds(0) + .milliseconds(milliseconds), evict: evicted)
    }

    @Test("a full door refuses newcomers until somebody has had time enough, and then the eldest makes room")
    func door() {
        let door = HandshakeDoor(limit: 2, patience: .seconds(1))
        let evictions = Mutex<[String]>([])
        let tickets = (0..<5).map { _ in Ticket() }
        #expect(door.enter(entrance(tickets[0], at: 0) { evictions.withLock { $0.append("first") } }) == .admitted)
        #expect(door.enter(entrance(tickets[1], at: 500) { evictions.withLock { $0.append("second") } }) == .admitted)
        #expect(door.enter(entrance(tickets[2], at: 900)) == .refused)
        #expect(door.enter(entrance(tickets[2], at: 1000)) == .admitted)
        #expect(evictions.withLock { $0 } == ["first"])
        #expect(door.enter(entrance(tickets[3], at: 1400)) == .refused)
        // Whoever is through leaves a place, and so does whoever gives up.
        door.leave(ObjectIdentifier(tickets[1]))
        door.leave(ObjectIdentifier(tickets[1]))
        #expect(door.enter(entrance(tickets[3], at: 1400)) == .admitted)
        #expect(door.count == 2)
        #expect(door.enter(entrance(tickets[4], at: 2000)) == .admitted)
        #expect(evictions.withLock { $0 } == ["first"])
    }

    @Test("handshakes get half of a loop's time, in turns, and in their order")
    func turns() {
        let loop = EmbeddedEventLoop()
        let time = Mutex(NIODeadline.uptimeNanoseconds(0))
        let turns = HandshakeTurns(loop) { time.withLock { $0 } }
        let done = Mutex<[Int]>([])
        for number in 0..<8 {
            turns.take {
                done.withLock { $0.append(number) }
                time.withLock { $0 = $0 + .microseconds(500) }
            }
        }
        // Two of them are a turn's time.
        #expect(done.withLock { $0 } == [0, 1])
        #expect(turns.waitingCount == 6)
        for round in 1...6 {
            // The loop has other work for as long.
            time.withLock { $0 = $0 + .milliseconds(1) }
            loop.advanceTime(by: .milliseconds(1))
            #expect(done.withLock { $0.count } <= 2 + 2 * round)
        }
        #expect(done.withLock { $0 } == Array(0..<8))
        let elapsed = time.withLock { Int64($0.uptimeNanoseconds) }
        #expect(elapsed >= 7_000_000)
    }

    @Test("where handshakes that say nothing fill a listener, honest clients get in all the same")
    func loris() async throws {
        let folder = try TemporaryFolder()
        try DevelopmentCertificates.write(to: folder.path)
        func file(_ name: String) -> String { "\(folder.path)/\(name)" }
        var limits = RPCLimits()
        limits.handshakes = 4
        limits.handshakePatience = .zero
        let server = try await LoopbackServer.start(
            .tls(
                TLSServerConfiguration(
                    certificateFile: file("server.pem"), keyFile: file("server.key"), clientCAFile: file("ca.pem"))),
            limits: limits)
        let client = TLSClientConfiguration(
            caFile: file("ca.pem"), certificateFile: file("client.pem"), keyFile: file("client.key"))
        var silent: [any Channel] = []
        for _ in 0..<12 {
            silent.append(
                try await ClientBootstrap(group: LoopbackServer.group)
                    .connect(host: "127.0.0.1", port: server.listener.port).get())
        }
        for _ in 0..<3 {
            let connection = try await server.dialer(.tls(client)).connect()
            let answer: WireHello = try await connection.request(.listApps, WireListAppsRequest())
            #expect(answer.software == "client")
            connection.close()
        }
        #expect((server.listener.tlsFigures?.underWay ?? 9) <= 4)
        for channel in silent { try? await channel.close() }
        await server.listener.drain()
    }
}
