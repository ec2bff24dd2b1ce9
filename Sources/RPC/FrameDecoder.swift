/// What stands next in bytes received.
package enum FrameStep {
    /// A whole frame; the next one begins `header.frameLength` bytes on.
    case frame(FrameHeader, message: UnsafeRawBufferPointer)
    /// The rest of the frame has yet to arrive.
    case incomplete
    /// No frame begins here, and nobody can say where the next one would: the connection is of no more use.
    case invalid(ErrorCode, length: UInt32)
}

/// Looks at the frame that begins at `offset`. A length is judged as soon as it is there, before its bytes are waited for.
package func nextFrame(in bytes: UnsafeRawBufferPointer, at offset: Int, limit: Int) -> FrameStep {
    let available = bytes.count - offset
    guard available >= 4, let base = bytes.baseAddress else { return .incomplete }
    let length = UInt32(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    guard length >= FrameHeader.leastLength else { return .invalid(.malformedFrame, length: length) }
    guard Int(length) + 4 <= limit else { return .invalid(.frameTooLarge, length: length) }
    guard available >= Int(length) + 4 else { return .incomplete }
    let header = FrameHeader(at: base + offset)
    let start = offset + FrameHeader.byteCount
    return .frame(header, message: UnsafeRawBufferPointer(rebasing: bytes[start..<start + header.messageLength]))
}
