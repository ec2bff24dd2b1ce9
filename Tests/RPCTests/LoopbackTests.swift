import Bytes
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import RPC

@Suite("A listener and its clients over loopback")
struct LoopbackTests {
    private func connected(
        limits: RPCLimits = RPCLimits(), _ body: (LoopbackServer, ClientConnection) async throws -> Void
    ) async throws {
        let server = try await LoopbackServer.start(limits: limits)
        let connection = try await server.dialer().connect()
        try await body(server, connection)
        connection.close()
        await server.listener.drain()
        #expect(server.listener.connectionCount == 0)
    }

    private final class Order: Sendable {
        let numbers = Mutex<[Int]>([])
    }

    @Test("a request comes back with its own answer")
    func echo() async throws {
        try await connected { _, connection in
            for operation in [RPC.Operation.get, .fold] {
                let answer = try await connection.request(operation) { $0.append(contentsOf: [1, 2, 3]) }
                #expect([UInt8](answer.readableBytesView) == [1, 2, 3])
            }
        }
    }

    @Test("hundreds of tasks share a connection, and answers come in any order")
    func multiplexing() async throws {
        try await connected { _, connection in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<2000 {
                    group.addTask {
                        let message = withUnsafeBytes(of: number) { [UInt8]($0) }
                        let answer = try await connection.request(number % 2 == 0 ? .get : .fold) {
                            $0.append(contentsOf: message)
                        }
                        return [UInt8](answer.readableBytesView) == message
                    }
                }
                for try await isOwn in group { #expect(isOwn) }
            }
        }
    }

    private final class Received: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private var bytes: [UInt8] = []
        private let whole: EventLoopPromise<[UInt8]>

        init(_ whole: EventLoopPromise<[UInt8]>) {
            self.whole = whole
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            bytes += [UInt8](unwrapInboundIn(data).readableBytesView)
        }

        func channelInactive(context: ChannelHandlerContext) {
            whole.succeed(bytes)
        }
    }

    @Test("a client that says no more still gets what it has asked for, and then the end")
    func halfClosed() async throws {
        let server = try await LoopbackServer.start()
        let loop = LoopbackServer.group.next()
        let whole = loop.makePromise(of: [UInt8].self)
        let channel = try await ClientBootstrap(group: loop)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Received(whole))
                }
            }
            .connect(host: "127.0.0.1", port: server.listener.port).get()
        var writer = ByteWriter()
        writer.append(hello: .ours, flags: 0)
        // Of the second kind are those that another thread answers.
        for id in UInt64(1)...600 { writer.append(contentsOf: frame(id % 7 == 0 ? .fold : .get, id, [1, 2, 3])) }
        try await channel.writeAndFlush(ByteBuffer(bytes: writer.bytes)).get()
        try await channel.close(mode: .output).get()
        let received = try await whole.futureResult.get()
        var identifiers: Set<UInt64> = []
        received.withUnsafeBytes { bytes in
            var offset = 0
            while case .frame(let header, _) = nextFrame(in: bytes, at: offset, limit: 1 << 20) {
                identifiers.insert(header.requestID)
                offset += header.frameLength
            }
        }
        #expect(identifiers.subtracting([0]) == Set(1...600))
        await server.listener.drain()
    }

    @Test("an answer may overtake those that were asked for earlier")
    func order() async throws {
        try await connected { server, connection in
            let order = Order()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...3 {
                    group.addTask {
                        _ = try await connection.request(.scan) { $0.append(UInt8(number)) }
                        order.numbers.withLock { $0.append(number) }
                    }
                    try await LoopbackServer.wait { server.handler.heldCount == number }
                }
                _ = try await connection.request(.get) { _ in }
                #expect(order.numbers.withLock { $0 }.isEmpty)
                _ = try await connection.request(.seek) { _ in }
                try await group.waitForAll()
            }
            #expect(order.numbers.withLock { $0.count } == 3)
        }
    }

    @Test("two clients at once do not see each other's answers")
    func twoClients() async throws {
        try await connected { server, first in
            let second = try await server.dialer().connect()
            async let one = first.request(.fold) { $0.append(contentsOf: [UInt8](repeating: 1, count: 100_000)) }
            async let two = second.request(.fold) { $0.append(contentsOf: [UInt8](repeating: 2, count: 200_000)) }
            let (a, b) = try await (one, two)
            #expect(a.readableBytes == 100_000 && [UInt8](a.readableBytesView) == [UInt8](repeating: 1, count: 100_000))
            #expect(b.readableBytes == 200_000 && [UInt8](b.readableBytesView) == [UInt8](repeating: 2, count: 200_000))
            #expect(server.listener.connectionCount == 2)
            second.close()
        }
    }

    @Test("a failure arrives with its code, its message and whether a retry can help")
    func failure() async throws {
        try await connected { _, connection in
            let error = await #expect(throws: RPCError.self) { _ = try await connection.request(.status) { _ in } }
            #expect(error?.code == .notFound)
            #expect(error?.message == "there is no table \"x\"")
            #expect(error?.isRetriable == false && error?.mayHaveBeenDone == false)
        }
    }

    @Test("a deadline ends the wait, and says that the request may have been done")
    func deadline() async throws {
        try await connected { server, connection in
            let error = await #expect(throws: RPCError.self) {
                _ = try await connection.request(.scan, deadline: .now() + .milliseconds(50)) { _ in }
            }
            #expect(error?.code == .deadlineExceeded)
            #expect(error?.mayHaveBeenDone == true && error?.isRetriable == true)
            // Its late answer disturbs nobody.
            server.handler.release()
            _ = try await connection.request(.get) { _ in }
        }
    }

    @Test("a cancelled task does not wait")
    func cancellation() async throws {
        try await connected { server, connection in
            let task = Task { try await connection.request(.scan) { _ in } }
            try await LoopbackServer.wait { server.handler.heldCount == 1 }
            task.cancel()
            let error = await #expect(throws: RPCError.self) { _ = try await task.value }
            #expect(error?.code == .cancelled)
            #expect(connection.pendingCount == 0)
            server.handler.release()
        }
    }

    @Test("a connection that is closed goes when the last one who waits gives up")
    func closingWithPending() async throws {
        try await connected { server, _ in
            let connection = try await server.dialer().connect()
            let task = Task { try await connection.request(.scan) { _ in } }
            try await LoopbackServer.wait { server.handler.heldCount == 1 }
            connection.close()
            #expect(server.listener.connectionCount == 2)
            task.cancel()
            _ = await task.result
            try await connection.whenClosed.get()
            server.handler.release()
        }
    }

    @Test("when the connection is cut, whoever waits learns that the request may have been done")
    func cutConnection() async throws {
        let server = try await LoopbackServer.start()
        let proxy = try await CuttingProxy.start(to: server.listener.port)
        let dialer = try RPCDialer(
            host: "127.0.0.1", port: proxy.port, security: .plaintext, group: LoopbackServer.group)
        let connection = try await dialer.connect()
        let task = Task { try await connection.request(.scan) { _ in } }
        try await LoopbackServer.wait { server.handler.heldCount == 1 }
        proxy.cut()
        let error = await #expect(throws: RPCError.self) { _ = try await task.value }
        #expect(error?.code == .connectionLost)
        #expect(error?.isRetriable == true && error?.mayHaveBeenDone == true)
        #expect(!connection.isOpen)
        // Afterwards a request is not even sent, and says so.
        let refusal = await #expect(throws: RPCError.self) { _ = try await connection.request(.get) { _ in } }
        #expect(refusal?.mayHaveBeenDone == false && refusal?.isRetriable == true)
        server.handler.release()
        await server.listener.drain()
        try await proxy.stop()
    }

    @Test("garbage and oversized frames close their own connection alone, with one line each")
    func garbage() async throws {
        try await connected { server, connection in
            for bytes in [
                [UInt8]("GET / HTTP/1.1\r\n\r\n".utf8), [UInt8](repeating: 0xff, count: 70_000), [0, 0, 0, 0],
            ] {
                let channel = try await ClientBootstrap(group: LoopbackServer.group)
                    .connect(host: "127.0.0.1", port: server.listener.port).get()
                try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
                try await channel.closeFuture.get()
            }
            #expect(server.reports.lines.withLock { $0.count } == 3)
            let answer = try await connection.request(.get) { $0.append(7) }
            #expect([UInt8](answer.readableBytesView) == [7])
        }
    }

    @Test("an answer of many megabytes comes whole")
    func largeAnswer() async throws {
        try await connected { _, connection in
            let message = [UInt8](repeating: 5, count: (16 << 20) - FrameHeader.byteCount)
            let answer = try await connection.request(.get) { $0.append(contentsOf: message) }
            #expect(answer.readableBytes == message.count)
            let error = await #expect(throws: RPCError.self) {
                _ = try await connection.request(.get) { $0.append(contentsOf: message + [1]) }
            }
            #expect(error?.code == .frameTooLarge)
            let response = await #expect(throws: RPCError.self) {
                _ = try await connection.request(.listTables) { _ in }
            }
            #expect(response?.code == .frameTooLarge)
        }
    }

    @Test("connections beyond the limit are closed, and those within go on")
    func connectionLimit() async throws {
        var limits = RPCLimits()
        limits.connections = 1
        try await connected(limits: limits) { server, connection in
            let error = await #expect(throws: RPCError.self) { _ = try await server.dialer().connect() }
            #expect(error?.isRetriable == true)
            _ = try await connection.request(.get) { _ in }
        }
    }

    @Test("draining answers what is in flight, takes no more, and ends")
    func drain() async throws {
        let server = try await LoopbackServer.start()
        let connection = try await server.dialer().connect()
        let idle = try await server.dialer().connect()
        let task = Task { try await connection.request(.scan) { $0.append(9) } }
        try await LoopbackServer.wait { server.handler.heldCount == 1 }
        let drained = Task { await server.listener.drain() }
        try await LoopbackServer.wait { !connection.isOpen && !idle.isOpen }
        let refusal = await #expect(throws: RPCError.self) { _ = try await connection.request(.get) { _ in } }
        #expect(refusal?.code == .unavailable && refusal?.isRetriable == true)
        server.handler.release()
        #expect([UInt8](try await task.value.readableBytesView) == [9])
        await drained.value
        let error = await #expect(throws: RPCError.self) { _ = try await server.dialer().connect() }
        #expect(error?.code == .connectionFailed)
    }

    @Test("plaintext is refused on an address that others can reach")
    func plaintextElsewhere() async throws {
        let error = await #expect(throws: RPCError.self) {
            _ = try await RPCListener.start(
                host: "0.0.0.0", port: 0, security: .plaintextOnLoopback, group: LoopbackServer.group,
                handler: EchoHandler())
        }
        #expect(error?.message.contains("loopback") == true)
    }

    @Test("a port in use, and a server that is not there, are one clear line each")
    func addresses() async throws {
        let server = try await LoopbackServer.start()
        let port = server.listener.port
        let inUse = await #expect(throws: RPCError.self) {
            _ = try await RPCListener.start(
                host: "127.0.0.1", port: port, security: .plaintextOnLoopback, group: LoopbackServer.group,
                handler: EchoHandler())
        }
        #expect(inUse?.message == "cannot listen on 127.0.0.1:\(port): Address already in use")
        await server.listener.drain()
        let absent = await #expect(throws: RPCError.self) { _ = try await server.dialer().connect() }
        #expect(absent?.message == "cannot connect to 127.0.0.1:\(port): Connection refused")
        #expect(absent?.isRetriable == true)
    }
}
