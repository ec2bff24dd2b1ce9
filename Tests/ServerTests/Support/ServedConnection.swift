import Bytes
import NIOCore
import NIOEmbedded
import NIOPosix
import Records
import Testing

@testable import RPC
@testable import Server

/// A client's connection to a whole server but its socket: frames go in, and answers come out.
///
/// Answers that other threads make come later; `answers` waits for them.
struct ServedConnection {
    let channel: NIOAsyncTestingChannel
    let dispatcher: Dispatcher
    let engine: Engine

    private let buffers: LoopBound

    private struct LoopBound: @unchecked Sendable {
        // Only used on the event loop.
        let buffers: LoopBuffers
    }

    /// To a server of its own, or to that of another connection, on the same event loop.
    init(_ engine: Engine, beside other: ServedConnection? = nil) async throws {
        let dispatcher =
            other?.dispatcher
            ?? Dispatcher(engine, group: MultiThreadedEventLoopGroup.singleton, grants: GrantBook(.open))
        let channel =
            other.map { NIOAsyncTestingChannel(loop: $0.channel.testingEventLoop) } ?? NIOAsyncTestingChannel()
        let buffers = other?.buffers ?? LoopBound(buffers: LoopBuffers(channel.eventLoop, dispatcher))
        (self.engine, self.dispatcher, self.channel, self.buffers) = (engine, dispatcher, channel, buffers)
        try await channel.testingEventLoop.executeInContext {
            let connection = ServerConnection(channel: channel, limits: RPCLimits(), buffers: buffers.buffers)
            try channel.pipeline.syncOperations.addHandler(
                ServerConnectionHandler(connection: connection, handler: dispatcher, limits: RPCLimits()) { _ in })
        }
        try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1))
        var writer = ByteWriter()
        writer.append(hello: .ours, flags: 0)
        try await send(writer.bytes)
        _ = try await channel.waitForOutboundWrite(as: ByteBuffer.self)
    }

    func send(_ bytes: [UInt8]) async throws {
        try await sendInTurn(bytes)
        await endTurn()
    }

    /// What is sent before `endTurn` is read in one turn of the event loop.
    func sendInTurn(_ bytes: [UInt8]) async throws {
        try await channel.writeInbound(ByteBuffer(bytes: bytes))
    }

    /// Tables that the event loop keeps for gets that it has taken in and not answered.
    var openGroupCount: Int? {
        get async throws {
            try await channel.testingEventLoop.executeInContext { [buffers] in
                (buffers.buffers.turn.attachment as? LookupWorker)?.batch.groupCount
            }
        }
    }

    func endTurn() async {
        await channel.testingEventLoop.run()
    }

    /// The next answers, in the order in which they leave.
    func answers(_ count: Int) async throws -> [Answer] {
        var answers: [Answer] = []
        while answers.count < count {
            answers += Answer.all(in: try await channel.waitForOutboundWrite(as: ByteBuffer.self))
        }
        return answers
    }

    func close() async throws {
        _ = try? await channel.finish()
        await dispatcher.close()
    }
}

/// A frame as a client gets it.
struct Answer {
    let id: UInt64
    let status: UInt16
    let message: [UInt8]

    static func all(in buffer: ByteBuffer) -> [Answer] {
        buffer.withUnsafeReadableBytes { bytes in
            var answers: [Answer] = []
            var offset = 0
            while case .frame(let header, let message) = nextFrame(in: bytes, at: offset, limit: 1 << 26) {
                answers.append(Answer(id: header.requestID, status: header.status, message: [UInt8](message)))
                offset += header.frameLength
            }
            return answers
        }
    }

    /// Of a get, by table: nil where there is no row.
    func rows() throws -> [[[UInt8]?]] {
        try message.withUnsafeBytes { bytes in
            var tables = WireGetResponse.Reader(bytes)
            var all: [[[UInt8]?]] = []
            while var table = try tables.next() {
                var rows: [[UInt8]?] = []
                while let row = try table.nextRow() { rows.append(row.map { [UInt8]($0) }) }
                all.append(rows)
            }
            return all
        }
    }
}

/// A request's frame.
func requestFrame(
    _ operation: RPC.Operation, _ id: UInt64, milliseconds: UInt32 = 0, _ body: (inout ByteWriter) -> Void = { _ in }
) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(
        FrameHeader(messageLength: 0, operation: operation.rawValue, requestID: id, millisecondsLeft: milliseconds))
    body(&writer)
    writer.finishFrame(at: 0)
    return writer.bytes
}

/// A get of one table, by keys of one STRING column.
func getFrame(_ id: UInt64, _ table: String, _ keys: [String]) throws -> [UInt8] {
    let tuples = try keys.map { key in
        var writer = ByteWriter()
        try writer.append(tuple: .string(key))
        return writer.bytes
    }
    return requestFrame(.get, id) { WireGetRequest.append(table: table, keys: tuples, to: &$0) }
}
