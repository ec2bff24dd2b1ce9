import Bytes
import Fuzzing
import NIOCore
import NIOEmbedded
import SwiftProtobuf
import Synchronization
import Testing

@testable import RPC

/// tools/fuzz runs this for longer.
@Suite("Frames that chance makes")
struct FrameFuzzTests {
    /// Answers everything with its own message, some of it a little later.
    private final class Echo: RequestHandler {
        let served = Mutex(0)

        func handle(_ burst: RequestBurst) {
            served.withLock { $0 += burst.requests.count }
            for request in burst.requests {
                let message = [UInt8](request.message)
                if request.operation == .scan {
                    burst.deferred(request).answer { $0.append(contentsOf: message) }
                } else {
                    burst.answer(request) { $0.append(contentsOf: message) }
                }
            }
        }
    }

    /// What a client that sends these pieces is answered, and whether it is still let go on.
    private func answers(to pieces: [ArraySlice<UInt8>]) throws -> (frames: [String], served: Int, isOpen: Bool) {
        var limits = RPCLimits()
        limits.frameBytes = 3000
        let (channel, handler) = (EmbeddedChannel(), Echo())
        let connection = ServerConnection(
            channel: channel, limits: limits, buffers: LoopBuffers(channel.eventLoop, handler))
        try channel.pipeline.syncOperations.addHandler(
            ServerConnectionHandler(connection: connection, handler: handler, limits: limits, refusal: nil) { _ in })
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        for piece in pieces {
            // A piece that comes after the end is nobody's.
            guard channel.isActive else { break }
            try channel.writeInbound(ByteBuffer(bytes: piece))
            channel.embeddedEventLoop.advanceTime(by: .microseconds(20))
        }
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(50))
        var sent: [UInt8] = []
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { sent += Array(buffer.readableBytesView) }
        let frames = try frames(of: sent)
        let isOpen = connection.state.phase != .closed
        if isOpen { try hold(connection.state.inFlight == 0, "\(connection.state.inFlight) requests have no answer") }
        channel.embeddedEventLoop.advanceTime(by: .seconds(61))
        try hold(!channel.isActive || isOpen, "it is told to go, and may stay")
        _ = try? channel.finish(acceptAlreadyClosed: true)
        return (frames, handler.served.withLock { $0 }, isOpen)
    }

    private func frames(of bytes: [UInt8]) throws -> [String] {
        try bytes.withUnsafeBytes { bytes in
            var (frames, offset): ([String], Int) = ([], 0)
            while offset < bytes.count {
                guard case .frame(let header, let message) = nextFrame(in: bytes, at: offset, limit: 1 << 16) else {
                    throw FuzzFailure("the answer has no frame at \(offset)")
                }
                try hold(header.isResponse, "the answer is no response")
                frames.append(
                    "\(header.requestID) \(header.operation) \(header.status) \([UInt8](message).hexadecimal)")
                offset += header.frameLength
            }
            return frames
        }
    }

    private func request(
        _ operation: RPC.Operation, _ id: UInt64, _ message: [UInt8], milliseconds: UInt32 = 0
    ) -> [UInt8] {
        var writer = ByteWriter()
        writer.append(
            FrameHeader(
                messageLength: message.count, operation: operation.rawValue, requestID: id,
                millisecondsLeft: milliseconds))
        writer.append(contentsOf: message)
        return writer.bytes
    }

    @Test("a stream is answered the same in any cut, every request once, or closed for a reason")
    func cuts() throws {
        var hello = ByteWriter()
        hello.append(hello: .ours, flags: 0)
        let requests: [[UInt8]] = [
            request(.get, 1, [1, 2, 3]), request(.scan, 2, [], milliseconds: 5),
            request(.append, .max, [UInt8](repeating: 7, count: 60)),
        ]
        let seeds = [hello.bytes + requests.flatMap { $0 }, hello.bytes] + requests.map { hello.bytes + $0 }
        let heads: [[UInt8]] = [
            [0x10, 0, 0, 0, 2], [0x0f, 0, 0, 0], [0xff, 0xff, 0xff, 0xff], [0xb4, 0x0b, 0, 0, 2],
            [0xb5, 0x0b, 0, 0, 2], hello.bytes,
        ]
        let fuzzer = Fuzzer(
            "frames", corpus: try Corpus.load("frames") + seeds, dictionary: heads + requests, rounds: 1500)
        try fuzzer.run { input, random in
            let whole = try answers(to: [input[...]])
            let cut = try answers(to: random.cut(input))
            // What is answered later may come later, and not at all where the connection has ended before.
            let owed = [whole, cut].map { answers in
                answers.frames.filter { answers.isOpen || $0.split(separator: " ")[1] != "3" }.sorted()
            }
            try hold(owed[0] == owed[1], "whole \(whole.frames), cut \(cut.frames)")
            try hold(whole.served == cut.served && whole.isOpen == cut.isOpen, "whole \(whole), cut \(cut)")
            let ends = whole.frames.filter { $0.hasPrefix("0 1 ") && !$0.hasPrefix("0 1 0 ") }
            try hold(ends.count <= 1 && (ends.isEmpty || !whole.isOpen), "it ends, and goes on: \(whole.frames)")
            return whole.served > 0
        }
    }
}
