import NIOCore
import Testing

@testable import RPC

@Suite("Bytes received")
struct ReceivedBytesTests {
    /// A frame's length and as many bytes.
    private func frame(_ count: Int) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(UInt32(count), endianness: .little)
        buffer.writeRepeatingByte(7, count: count)
        return buffer
    }

    @Test("what was consumed takes no room, though no read ever ends with a frame")
    func consumed() throws {
        var stream = ByteBuffer()
        for _ in 0..<2000 { stream.writeImmutableBuffer(frame(1000)) }
        var received = ByteBuffer()
        var frames = 0
        // Ten bytes into a frame and then from there to ten bytes into the next.
        var size = 1014
        while let piece = stream.readSlice(length: min(size, stream.readableBytes)), piece.readableBytes > 0 {
            received.gather(ByteBuffer(bytes: piece.readableBytesView))
            size = 1004
            while received.readableBytes >= 1004 {
                #expect(received.readBytes(length: 1004)?.dropFirst(4).allSatisfy { $0 == 7 } == true)
                frames += 1
            }
            #expect(received.capacity <= 512 << 10)
        }
        #expect(frames == 2000)
        #expect(received.readableBytes == 0)
    }

    @Test("a frame that only claims to be large gets no room for that")
    func claims() {
        var received = ByteBuffer()
        received.gather(ByteBuffer(bytes: [0xff, 0xff, 0xff, 0xff]))
        received.gather(ByteBuffer(bytes: [1, 2, 3]))
        #expect(received.capacity <= 1 << 20)
        #expect(Array(received.readableBytesView) == [0xff, 0xff, 0xff, 0xff, 1, 2, 3])
    }

    @Test("a large frame is moved a few times only")
    func large() {
        let whole = frame(16 << 20)
        var received = ByteBuffer()
        var capacities: Set<Int> = []
        for start in stride(from: 0, to: whole.readableBytes, by: 64 << 10) {
            let count = min(64 << 10, whole.readableBytes - start)
            received.gather(ByteBuffer(bytes: whole.readableBytesView.dropFirst(start).prefix(count)))
            capacities.insert(received.capacity)
        }
        #expect(received == whole)
        #expect(capacities.count < 12)
    }
}
