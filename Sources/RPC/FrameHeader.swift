package import Bytes

/// The 20 bytes before every message: all little-endian.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | length of what follows it: 16 and the message |
/// | 4 | 1 | operation |
/// | 5 | 1 | flags |
/// | 6 | 2 | status: 0, or a failure's code in a response |
/// | 8 | 8 | request id, chosen by the client; 0 is the connection's own |
/// | 16 | 4 | milliseconds that the client still waits; 0: no limit |
package struct FrameHeader: Hashable, Sendable {
    package static let byteCount = 20
    /// What the length field counts when the message is empty.
    package static let leastLength = byteCount - 4
    static let millisecondsOffset = 16
    package static let responseFlag: UInt8 = 1

    /// Of what follows the length field.
    package var length: UInt32
    package var operation: UInt8
    package var flags: UInt8
    package var status: UInt16
    package var requestID: UInt64
    package var millisecondsLeft: UInt32

    @inlinable
    package init(
        messageLength: Int, operation: UInt8, flags: UInt8 = 0, status: UInt16 = 0, requestID: UInt64,
        millisecondsLeft: UInt32 = 0
    ) {
        self.length = UInt32(truncatingIfNeeded: Self.leastLength + messageLength)
        self.operation = operation
        self.flags = flags
        self.status = status
        self.requestID = requestID
        self.millisecondsLeft = millisecondsLeft
    }

    /// The header at the start of `bytes`, which hold at least `byteCount`.
    @inlinable
    package init(at bytes: UnsafeRawPointer) {
        length = UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self))
        operation = bytes.load(fromByteOffset: 4, as: UInt8.self)
        flags = bytes.load(fromByteOffset: 5, as: UInt8.self)
        status = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 6, as: UInt16.self))
        requestID = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        millisecondsLeft = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
    }

    @inlinable package var isResponse: Bool { flags & Self.responseFlag != 0 }
    @inlinable package var messageLength: Int { Int(length) - Self.leastLength }
    /// Header and message.
    @inlinable package var frameLength: Int { Int(length) + 4 }
}

extension ByteWriter {
    package mutating func append(_ header: FrameHeader) {
        // In one piece: this happens for every request and every response.
        var words: (UInt64, UInt64, UInt32) = (
            (UInt64(header.length) | UInt64(header.operation) << 32 | UInt64(header.flags) << 40
                | UInt64(header.status) << 48).littleEndian,
            header.requestID.littleEndian,
            header.millisecondsLeft.littleEndian
        )
        withUnsafeBytes(of: &words) {
            append(contentsOf: UnsafeRawBufferPointer(rebasing: $0[..<FrameHeader.byteCount]))
        }
    }

    /// Sets the length of the frame that begins at `start` to end where the writer stands.
    package mutating func finishFrame(at start: Int) {
        let length = UInt32(truncatingIfNeeded: bytes.count - start - 4).littleEndian
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: length, toByteOffset: start, as: UInt32.self) }
    }
}
