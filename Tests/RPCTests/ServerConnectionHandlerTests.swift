import Bytes
import NIOCore
import NIOEmbedded
import SwiftProtobuf
import Synchronization
import Testing

@testable import RPC

@Suite("A server's connection without a socket")
struct ServerConnectionHandlerTests {
    @Test("the requests of one read reach the handler together, and their answers leave in one write")
    func burst() throws {
        let connection = try EmbeddedConnection()
        try connection.receive((1...50).flatMap { frame(.get, UInt64($0), [UInt8($0)]) })
        #expect(connection.handler.bursts.withLock { $0 } == [50])
        let writes = try connection.writes()
        #expect(writes.count == 1)
        #expect(writes.first?.map(\.1) == (1...50).map { [UInt8($0)] })
    }

    @Test("a frame may come in pieces of any size")
    func pieces() throws {
        let connection = try EmbeddedConnection()
        let bytes = (1...3).flatMap { frame(.get, UInt64($0), [UInt8](repeating: UInt8($0), count: 30)) }
        for size in [1, 7, 19, 20, 21, 49, 51, 99] {
            var rest = bytes[...]
            while !rest.isEmpty {
                try connection.receive([UInt8](rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            #expect(try connection.sent().map(\.0.requestID) == [1, 2, 3])
        }
    }

    @Test("milliseconds left become a deadline at arrival, and 0 none")
    func deadlines() throws {
        let connection = try EmbeddedConnection()
        try connection.receive(frame(.get, 1, milliseconds: 250) + frame(.get, 2))
        let seen = connection.handler.deadlines.withLock { $0 }
        #expect(seen[0] == 250)
        #expect(seen[1] > 1_000_000_000)
    }

    @Test("answers made later leave on their own")
    func deferred() throws {
        let connection = try EmbeddedConnection()
        try connection.receive(frame(.scan, 1, [1]) + frame(.scan, 2, [2]) + frame(.get, 3))
        #expect(try connection.sent().map(\.0.requestID) == [3])
        connection.handler.release()
        connection.channel.embeddedEventLoop.run()
        let writes = try connection.writes()
        #expect(writes.count == 1)
        #expect(writes.first?.map(\.0.requestID) == [2, 1])
        #expect(connection.connection.state.inFlight == 0)
    }

    @Test("a failure takes back what was written of the answer, and the ones around it stay")
    func failures() throws {
        let connection = try EmbeddedConnection()
        try connection.receive(
            frame(.get, 1, [1]) + frame(.deploy, 2, [9, 9]) + frame(.status, 3) + frame(.get, 4, [4]))
        let sent = try connection.sent()
        #expect(sent.map(\.0.requestID) == [1, 2, 3, 4])
        #expect(sent.map(\.0.status) == [0, ErrorCode.refused.rawValue, ErrorCode.notFound.rawValue, 0])
        let failure = try WireFailure(serializedBytes: sent[1].1)
        #expect(failure.message == "half an answer is none")
        #expect(sent[3].1 == [4])
    }

    @Test("an answer that no frame can hold becomes a failure that says so")
    func oversizedAnswer() throws {
        let connection = try EmbeddedConnection()
        try connection.receive(frame(.listTables, 1) + frame(.get, 2))
        let sent = try connection.sent()
        #expect(sent.map(\.0.status) == [ErrorCode.frameTooLarge.rawValue, 0])
    }

    @Test("a request that the handler loses is answered all the same")
    func droppedRequest() throws {
        let connection = try EmbeddedConnection()
        try connection.receive(frame(.describeTable, 1))
        connection.channel.embeddedEventLoop.run()
        #expect(try connection.sent().map(\.0.status) == [ErrorCode.internal.rawValue])
    }

    @Test("an unknown operation is refused and the connection goes on")
    func unknownOperation() throws {
        let connection = try EmbeddedConnection()
        var unknown = frame(.get, 1)
        unknown[4] = 250
        try connection.receive(unknown + frame(.get, 2))
        #expect(try connection.sent().map(\.0.status) == [ErrorCode.unknownOperation.rawValue, 0])
    }

    @Test("garbage ends the connection with a reason and a line, after what came before it was served")
    func garbage() throws {
        let connection = try EmbeddedConnection()
        try connection.receive(frame(.get, 1) + [UInt8](repeating: 0, count: 100))
        let sent = try connection.sent()
        #expect(sent.map(\.0.requestID) == [1, 0])
        #expect(sent.map(\.0.status) == [0, ErrorCode.malformedFrame.rawValue])
        #expect(connection.reports.lines.withLock { $0.count } == 1)
        try connection.receive(frame(.get, 2))
        #expect(try connection.sent().isEmpty)
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!connection.channel.isActive)
    }

    @Test("a frame over the limit ends the connection before its bytes are there")
    func oversizedFrame() throws {
        let connection = try EmbeddedConnection()
        try connection.receive([0xfd, 0xff, 0xff, 0x00])
        #expect(try connection.sent().map(\.0.status) == [ErrorCode.frameTooLarge.rawValue])
    }

    @Test("a stranger may send no more than a small hello, and not take for ever")
    func greeting() throws {
        let large = try EmbeddedConnection(greeted: false)
        try large.receive([0x00, 0x20, 0x00, 0x00])
        #expect(try large.sent().map(\.0.status) == [ErrorCode.frameTooLarge.rawValue])

        let silent = try EmbeddedConnection(greeted: false)
        silent.channel.embeddedEventLoop.advanceTime(by: .seconds(11))
        #expect(!silent.channel.isActive)
        #expect(silent.reports.lines.withLock { $0.count } == 1)

        let eager = try EmbeddedConnection(greeted: false)
        try eager.receive(frame(.get, 1))
        #expect(try eager.sent().map(\.0.status) == [ErrorCode.malformedFrame.rawValue])

        let foreign = try EmbeddedConnection(greeted: false)
        var writer = ByteWriter()
        writer.append(hello: .with { $0.protocol = 99 }, flags: 0)
        try foreign.receive(writer.bytes)
        #expect(try foreign.sent().map(\.0.status) == [ErrorCode.unsupportedProtocol.rawValue])
    }

    @Test("requests beyond the limit of a connection are refused as overloaded")
    func overload() throws {
        var limits = RPCLimits()
        limits.requestsInFlight = 2
        let connection = try EmbeddedConnection(limits: limits)
        try connection.receive((1...3).flatMap { frame(.scan, UInt64($0)) })
        #expect(try connection.sent().map(\.0.status) == [ErrorCode.overloaded.rawValue])
    }

    @Test("a client that does not read its answers is not served further, and goes on where it was")
    func backpressure() throws {
        let connection = try EmbeddedConnection()
        connection.channel.isWritable = false
        try connection.receive((1...10).flatMap { frame(.get, UInt64($0)) })
        #expect(connection.handler.bursts.withLock { $0 }.isEmpty)
        connection.channel.isWritable = true
        connection.channel.pipeline.fireChannelWritabilityChanged()
        #expect(try connection.sent().map(\.0.requestID) == [UInt64](1...10))
    }

    @Test("draining says goodbye, answers what is in flight, refuses the rest and closes")
    func drain() throws {
        let connection = try EmbeddedConnection()
        try connection.receive(frame(.scan, 1))
        connection.connection.drain()
        try connection.receive(frame(.get, 2))
        connection.handler.release()
        connection.channel.embeddedEventLoop.run()
        let sent = try connection.sent()
        #expect(sent.map(\.0.requestID) == [0, 2, 1])
        #expect(sent.map(\.0.status) == [ErrorCode.unavailable.rawValue, ErrorCode.unavailable.rawValue, 0])
        #expect(connection.channel.isActive)
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!connection.channel.isActive)
    }
}
