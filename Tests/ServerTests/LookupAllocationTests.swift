import Bytes
import CAllocations
import Foundation
import NIOCore
import NIOEmbedded
import NIOPosix
import Records
import Testing

@testable import RPC
@testable import Server

@Suite("What lookups cost in memory", .serialized)
struct LookupAllocationTests {
    typealias Fixture = ControlPlaneTests.Fixture

    /// From frame in to frame out: what a burst of 128 gets allocates beyond what one of 64 does is what gets allocate.
    /// A whole burst may allocate a little, for the channel of the test hands on its bytes in new buffers.
    @Test("once warm, a get of a row that is in the hot-row cache allocates nothing, single and in batches")
    func hits() throws {
        let fixture = try Fixture()
        _ = try fixture.deploy(LoadTests.planes)
        _ = try fixture.load(try fixture.build(csv: LoadTests.csv(200, year: 2000), for: "planes"))
        let dispatcher = Dispatcher(
            fixture.engine, group: MultiThreadedEventLoopGroup.singleton, grants: GrantBook(.open))
        let channel = EmbeddedChannel()
        let connection = ServerConnection(
            channel: channel, limits: RPCLimits(), buffers: LoopBuffers(channel.eventLoop, dispatcher))
        try channel.pipeline.syncOperations.addHandler(
            ServerConnectionHandler(connection: connection, handler: dispatcher, limits: RPCLimits()) { _ in })
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        var hello = ByteWriter()
        hello.append(hello: .ours, flags: 0)
        try channel.writeInbound(ByteBuffer(bytes: hello.bytes))

        for keysPerGet in [1, 5] {
            let bursts = try [64, 128].map { count in
                ByteBuffer(
                    bytes: try (0..<count).flatMap { index in
                        try getFrame(
                            UInt64(index + 1), "planes", (0..<keysPerGet).map { "N\((index + $0) % 200)" })
                    })
            }
            // The least of all rounds: the first ones fill the cache and grow what is kept, and other threads of the process allocate
            // as well.
            var allocations = [UInt64](repeating: .max, count: bursts.count)
            for round in 0..<300 {
                // The cache takes rows in once another thread has touched its memory.
                if round >= 12 { usleep(10_000) }
                for (index, burst) in bursts.enumerated() {
                    let before = maser_allocation_count()
                    try channel.writeInbound(burst)
                    channel.embeddedEventLoop.run()
                    allocations[index] = min(allocations[index], maser_allocation_count() - before)
                }
                while let answer = try channel.readOutbound(as: ByteBuffer.self) {
                    if round == 0 { #expect(Answer.all(in: answer).allSatisfy { $0.status == 0 }) }
                }
            }
            // An unoptimized build boxes things for each get; what an optimized one allocates is also held by tools/bench/lookup.
            #if DEBUG
                let boxes: UInt64 = 10 * 64
            #else
                let boxes: UInt64 = 0
            #endif
            #expect(allocations[1] <= allocations[0] + boxes, "\(allocations), \(keysPerGet) keys each")
        }
        _ = try? channel.finish()
    }

}
