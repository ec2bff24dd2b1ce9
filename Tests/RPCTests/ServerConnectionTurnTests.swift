import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import RPC

@Suite("What one client may cost the others")
struct ServerConnectionTurnTests {
    private func limits(_ change: (inout RPCLimits) -> Void) -> RPCLimits {
        var limits = RPCLimits()
        change(&limits)
        return limits
    }

    @Test("a turn ends with its work, and the next ones serve the rest, in order, before anything more is read")
    func turns() throws {
        let connection = try EmbeddedConnection(limits: limits { $0.workPerTurn = 20 })
        try connection.receive((1...50).flatMap { frame(.get, UInt64($0)) })
        let reads = connection.socket.reads
        connection.channel.pipeline.read()
        #expect(try connection.sent().map(\.0.requestID) == [UInt64](1...20))
        connection.channel.embeddedEventLoop.advanceTime(by: .microseconds(60))
        #expect(try connection.sent().map(\.0.requestID) == [UInt64](21...40))
        #expect(connection.socket.reads == reads)
        connection.channel.embeddedEventLoop.advanceTime(by: .microseconds(60))
        #expect(try connection.sent().map(\.0.requestID) == [UInt64](41...50))
        #expect(connection.socket.reads == reads + 1)
        #expect(connection.connection.state.inFlight == 0)
    }

    @Test("what requests cost beyond one each ends a turn earlier")
    func charges() throws {
        let connection = try EmbeddedConnection(limits: limits { $0.workPerTurn = 200 })
        // The echo charges 1000 for one of these.
        try connection.receive((1...130).flatMap { frame(.stopApp, UInt64($0)) })
        #expect(try connection.sent().count == 128)
        connection.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(try connection.sent().map(\.0.requestID) == [129, 130])
    }

    @Test("deadlines count from the arrival, however late a request has its turn")
    func deadlinesOverTurns() throws {
        let connection = try EmbeddedConnection(limits: limits { $0.workPerTurn = 1 })
        try connection.receive(frame(.get, 1) + frame(.get, 2, milliseconds: 250))
        connection.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(connection.handler.deadlines.withLock { $0.last } == 250)
    }

    @Test("a client that takes nothing of its answers is dropped after the time allowed, and not before")
    func neverReading() throws {
        let connection = try EmbeddedConnection(limits: limits { $0.stallTimeout = .seconds(20) })
        connection.socket.isStuck = true
        try connection.receive(frame(.get, 1, [1, 2, 3]))
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(19))
        #expect(connection.channel.isActive)
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(11))
        #expect(!connection.channel.isActive)
        #expect(connection.reports.lines.withLock { $0 }.count == 1)
    }

    @Test("a client that reads slowly but reads is waited for, and an idle one for ever")
    func slowReading() throws {
        let connection = try EmbeddedConnection(limits: limits { $0.stallTimeout = .seconds(20) })
        for round in 0..<10 {
            connection.socket.isStuck = true
            try connection.receive(frame(.get, UInt64(round + 1), [1, 2, 3]))
            connection.channel.embeddedEventLoop.advanceTime(by: .seconds(15))
            connection.socket.isStuck = false
            connection.channel.flush()
            #expect(try connection.sent().count == 1)
        }
        connection.channel.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(connection.channel.isActive)
        #expect(connection.reports.lines.withLock { $0 }.isEmpty)
    }

    @Test("a client that does not finish the frame that it began is dropped")
    func unfinishedFrame() throws {
        let connection = try EmbeddedConnection(limits: limits { $0.stallTimeout = .seconds(20) })
        let whole = frame(.get, 1, [UInt8](repeating: 1, count: 100))
        // A byte now and then is no progress.
        for byte in whole.prefix(12) {
            try connection.receive([byte])
            connection.channel.embeddedEventLoop.advanceTime(by: .seconds(5))
        }
        #expect(!connection.channel.isActive)
        #expect(connection.reports.lines.withLock { $0 }.count == 1)
    }

    @Test("large frames that have begun are bounded over all connections")
    func partialFrames() throws {
        let all = PartialFrames(limit: 150_000)
        let connections = try (0..<3).map { _ in try EmbeddedConnection(partialFrames: all) }
        let large = frame(.get, 1, [UInt8](repeating: 1, count: 200_000))
        try connections[0].receive([UInt8](large.prefix(100_000)))
        // One that is small counts for nothing.
        try connections[2].receive([UInt8](large.prefix(60_000)))
        try connections[1].receive([UInt8](large.prefix(100_000)))
        // The one that has been at it longest goes.
        connections[0].channel.embeddedEventLoop.run()
        #expect(try connections[0].sent().map { $0.0.status } == [ErrorCode.overloaded.rawValue])
        connections[0].channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!connections[0].channel.isActive)
        // What ends makes room for the next.
        try connections[1].receive([UInt8](large.dropFirst(100_000)))
        #expect(try connections[1].sent().count == 1)
        try connections[2].receive([UInt8](large[60_000..<140_000]))
        try connections[2].receive([UInt8](large[140_000...]))
        #expect(try connections[2].sent().count == 1)
    }

    @Test("answers that wait for their reader congest the connection, and too many end it")
    func congestion() throws {
        let connection = try EmbeddedConnection(
            limits: limits {
                $0.unsentBytes = 1000
                $0.greatestUnsentBytes = 3000
            })
        connection.socket.isStuck = true
        try connection.receive(frame(.get, 1, [UInt8](repeating: 1, count: 600)))
        #expect(!connection.connection.isCongested)
        // Made elsewhere, and not even fetched yet.
        try connection.receive(frame(.scan, 2, [UInt8](repeating: 1, count: 600)))
        connection.handler.release()
        #expect(connection.connection.isCongested)
        connection.channel.embeddedEventLoop.run()
        #expect(connection.connection.isCongested)
        #expect(connection.channel.isActive)
        try connection.receive(frame(.get, 3, [UInt8](repeating: 1, count: 3000)))
        connection.channel.embeddedEventLoop.run()
        #expect(!connection.channel.isActive)
    }

    @Test("a client that is one too many learns it in its first frame, before it says anything")
    func oneTooMany() throws {
        let connection = try EmbeddedConnection(greeted: false, refusal: RPCError(.overloaded, "full"))
        let sent = try connection.sent()
        #expect(sent.map(\.0.status) == [ErrorCode.overloaded.rawValue])
        #expect(sent.map(\.0.requestID) == [0])
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!connection.channel.isActive)
    }
}
