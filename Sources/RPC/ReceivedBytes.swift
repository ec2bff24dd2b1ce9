internal import NIOCore

extension ByteBuffer {
    /// What is reserved for a frame that has only begun.
    private static let leastReserve = 256 << 10

    /// Puts what has come behind what is not consumed yet.
    ///
    /// What was consumed goes once it is the larger part, for a connection whose reads never end with a frame would keep all
    /// that it ever received. Room is made for the frame that has begun, so that a large one is not copied each time that more
    /// of it comes, but in proportion to what is there: its length is only a claim.
    mutating func gather(_ more: ByteBuffer, frameLimit: Int = .max) {
        if readableBytes == 0 {
            self = more
            return
        }
        if readerIndex > readableBytes { discardReadBytes() }
        if writableBytes < more.readableBytes {
            let length = getInteger(at: readerIndex, endianness: .little, as: UInt32.self) ?? 0
            let rest = min(Int(length) + 4, frameLimit) - readableBytes
            let wanted = min(rest, max(Self.leastReserve, 3 * readableBytes))
            reserveCapacity(minimumWritableBytes: max(more.readableBytes, wanted))
        }
        writeImmutableBuffer(more)
    }
}
