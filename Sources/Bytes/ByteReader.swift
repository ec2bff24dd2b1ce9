/// Reads encoded values from bytes that somebody else owns; valid only as long as they are.
///
/// Every read is checked against the end: input from a disk or a wire cannot make it leave the buffer.
package struct ByteReader {
    package let buffer: UnsafeRawBufferPointer
    package var position: Int

    @inlinable
    package init(_ buffer: UnsafeRawBufferPointer) {
        self.init(buffer, at: 0)
    }

    @inlinable
    package init(_ buffer: UnsafeRawBufferPointer, at position: Int) {
        precondition(position >= 0 && position <= buffer.count)
        self.buffer = buffer
        self.position = position
    }

    @inlinable
    package var isAtEnd: Bool { position == buffer.count }
    @inlinable
    package var remaining: Int { buffer.count - position }
    @inlinable
    package var rest: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[position...]) }

    @inlinable
    package mutating func readByte() throws(BytesError) -> UInt8 {
        guard position < buffer.count else { throw ByteReader.truncated }
        defer { position += 1 }
        return buffer[position]
    }

    @inlinable
    package func peekByte() -> UInt8? {
        position < buffer.count ? buffer[position] : nil
    }

    @inlinable
    package mutating func readLittleEndian<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(BytesError) -> T {
        guard remaining >= MemoryLayout<T>.size else { throw ByteReader.truncated }
        defer { position += MemoryLayout<T>.size }
        return T(littleEndian: buffer.loadUnaligned(fromByteOffset: position, as: T.self))
    }

    @inlinable
    package mutating func readBigEndian<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(BytesError) -> T {
        guard remaining >= MemoryLayout<T>.size else { throw ByteReader.truncated }
        defer { position += MemoryLayout<T>.size }
        return T(bigEndian: buffer.loadUnaligned(fromByteOffset: position, as: T.self))
    }

    @inlinable
    package mutating func readVarint() throws(BytesError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < buffer.count {
            let byte = buffer[position]
            position += 1
            // The tenth byte has room for one bit.
            if shift == 63 && byte > 1 { throw BytesError(.malformed, "a varint is longer than 64 bits") }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw ByteReader.truncated
    }

    @inlinable
    package mutating func readBytes(_ count: Int) throws(BytesError) -> UnsafeRawBufferPointer {
        guard count >= 0, remaining >= count else { throw ByteReader.truncated }
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: buffer[position..<position + count])
    }

    @inlinable
    package mutating func readLengthPrefixed() throws(BytesError) -> UnsafeRawBufferPointer {
        let length = try readVarint()
        guard length <= UInt64(remaining) else { throw ByteReader.truncated }
        return try readBytes(Int(length))
    }

    @inlinable
    package static var truncated: BytesError { BytesError(.truncated, "the input ends inside a value") }
}
