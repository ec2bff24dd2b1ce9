// The wire encoding of Protocol Buffers, as https://protobuf.dev/programming-guides/encoding/ gives it. Rows,
// states and the hot messages are written and read in place with it; nothing is generated and nothing is copied.

package enum WireType: UInt8, Hashable, Sendable {
    case varint = 0
    case fixed64 = 1
    case lengthDelimited = 2
    case fixed32 = 5
}

/// One field as it stands in a message: its number, and its payload still encoded.
package struct ProtobufField {
    package let number: Int
    package let wireType: WireType
    /// The bits of a varint, fixed64 or fixed32 field; 0 for a length-delimited one.
    package let bits: UInt64
    /// The payload of a length-delimited field; empty for the others.
    package let bytes: UnsafeRawBufferPointer
    /// The whole field, tag included, as it stands in the message.
    package let encoded: UnsafeRawBufferPointer

    @inlinable
    init(
        number: Int, wireType: WireType, bits: UInt64, bytes: UnsafeRawBufferPointer, encoded: UnsafeRawBufferPointer
    ) {
        self.number = number
        self.wireType = wireType
        self.bits = bits
        self.bytes = bytes
        self.encoded = encoded
    }

    @inlinable package var int64: Int64 { Int64(bitPattern: bits) }
    @inlinable package var double: Double { Double(bitPattern: bits) }
}

/// Walks the fields of a message in the order in which they stand.
package struct ProtobufReader {
    package static let greatestFieldNumber = 536_870_911

    @usableFromInline var reader: ByteReader

    @inlinable
    package init(_ message: UnsafeRawBufferPointer) {
        reader = ByteReader(message)
    }

    @inlinable
    package mutating func next() throws(BytesError) -> ProtobufField? {
        if reader.isAtEnd { return nil }
        let start = reader.position
        let tag = try reader.readVarint()
        let number = tag >> 3
        guard number >= 1, number <= UInt64(Self.greatestFieldNumber), let wireType = WireType(rawValue: UInt8(tag & 7))
        else { throw BytesError(.malformed, "no field has the tag \(tag)") }
        var bits: UInt64 = 0
        var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
        switch wireType {
        case .varint: bits = try reader.readVarint()
        case .fixed64: bits = try reader.readLittleEndian(UInt64.self)
        case .fixed32: bits = UInt64(try reader.readLittleEndian(UInt32.self))
        case .lengthDelimited: bytes = try reader.readLengthPrefixed()
        }
        return ProtobufField(
            number: Int(number), wireType: wireType, bits: bits, bytes: bytes,
            encoded: UnsafeRawBufferPointer(rebasing: reader.buffer[start..<reader.position]))
    }

    /// The payload of the next field where its tag is the byte `tag` and its length takes one byte; nil, and nothing is read,
    /// where it is any other. For fields that come by the thousand.
    @inlinable
    @inline(__always)
    package mutating func nextShort(tagged tag: UInt8) -> UnsafeRawBufferPointer? {
        let start = reader.position
        guard reader.remaining >= 2, reader.buffer[start] == tag else { return nil }
        let length = Int(reader.buffer[start + 1])
        guard length < 0x80, reader.remaining - 2 >= length else { return nil }
        reader.position = start + 2 + length
        return UnsafeRawBufferPointer(rebasing: reader.buffer[start + 2..<reader.position])
    }
}

extension ByteWriter {
    @inlinable
    package mutating func append(tag number: Int, _ wireType: WireType) {
        append(varint: UInt64(number) << 3 | UInt64(wireType.rawValue))
    }

    @inlinable
    package mutating func append(field number: Int, int64 value: Int64) {
        append(tag: number, .varint)
        append(varint: UInt64(bitPattern: value))
    }

    @inlinable
    package mutating func append(field number: Int, bool value: Bool) {
        append(tag: number, .varint)
        append(value ? 1 : 0)
    }

    @inlinable
    package mutating func append(field number: Int, double value: Double) {
        append(tag: number, .fixed64)
        append(littleEndian: value.bitPattern)
    }

    @inlinable
    package mutating func append(field number: Int, bytes value: UnsafeRawBufferPointer) {
        append(tag: number, .lengthDelimited)
        append(lengthPrefixed: value)
    }

    @inlinable
    package mutating func append(field number: Int, bytes value: [UInt8]) {
        append(tag: number, .lengthDelimited)
        append(lengthPrefixed: value)
    }

    @inlinable
    package mutating func append(field number: Int, string value: String) {
        append(tag: number, .lengthDelimited)
        var value = value
        value.withUTF8 { append(lengthPrefixed: UnsafeRawBufferPointer($0)) }
    }

    @inlinable
    package mutating func append(field number: Int, message body: (inout ByteWriter) -> Void) {
        append(tag: number, .lengthDelimited)
        appendLengthPrefixed(body)
    }
}
