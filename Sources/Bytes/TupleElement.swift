// Keys use the encoding of FoundationDB's tuple layer (design/tuple.md in its repository): the byte order of encoded
// tuples is the order of the tuples. Maser uses its NULL, byte string, Unicode string, integer, double and boolean.

/// One element of a key. A TIMESTAMP is an integer of microseconds.
package enum TupleElement: Hashable, Sendable {
    case null
    case bytes([UInt8])
    case string(String)
    case int64(Int64)
    case double(Double)
    case bool(Bool)
}

package enum TupleCode {
    @usableFromInline package static let null: UInt8 = 0x00
    @usableFromInline package static let bytes: UInt8 = 0x01
    @usableFromInline package static let string: UInt8 = 0x02
    @usableFromInline package static let zero: UInt8 = 0x14
    @usableFromInline package static let double: UInt8 = 0x21
    @usableFromInline package static let no: UInt8 = 0x26
    @usableFromInline package static let yes: UInt8 = 0x27
}

extension ByteWriter {
    package mutating func append(tuple element: TupleElement) throws(BytesError) {
        switch element {
        case .null: appendTupleNull()
        case .bytes(let value): value.withUnsafeBytes { appendTuple(bytes: $0) }
        case .string(var value): value.withUTF8 { appendTuple(utf8: UnsafeRawBufferPointer($0)) }
        case .int64(let value): appendTuple(int64: value)
        case .double(let value): try appendTuple(double: value)
        case .bool(let value): appendTuple(bool: value)
        }
    }

    package mutating func append(tuple elements: some Sequence<TupleElement>) throws(BytesError) {
        for element in elements { try append(tuple: element) }
    }

    @inlinable
    package mutating func appendTupleNull() {
        append(TupleCode.null)
    }

    @inlinable
    package mutating func appendTuple(bytes value: UnsafeRawBufferPointer) {
        append(TupleCode.bytes)
        appendTerminated(value)
    }

    @inlinable
    package mutating func appendTuple(utf8 value: UnsafeRawBufferPointer) {
        append(TupleCode.string)
        appendTerminated(value)
    }

    /// A sign and a length in one byte, then the magnitude with its high byte first; a negative one complemented.
    @inlinable
    package mutating func appendTuple(int64 value: Int64) {
        let magnitude = value.magnitude
        let length = (71 - magnitude.leadingZeroBitCount) / 8
        append(value < 0 ? TupleCode.zero - UInt8(length) : TupleCode.zero + UInt8(length))
        let word = value < 0 ? ~magnitude : magnitude
        var index = length
        while index > 0 {
            index -= 1
            append(UInt8(truncatingIfNeeded: word >> UInt64(index * 8)))
        }
    }

    /// -0.0 becomes 0.0; NaN is refused, for no lookup would find it.
    @inlinable
    package mutating func appendTuple(double value: Double) throws(BytesError) {
        guard !value.isNaN else { throw BytesError(.unencodable, "NaN cannot be part of a key") }
        let bits = (value == 0 ? 0.0 : value).bitPattern
        append(TupleCode.double)
        append(bigEndian: bits >> 63 == 1 ? ~bits : bits | 1 << 63)
    }

    @inlinable
    package mutating func appendTuple(bool value: Bool) {
        append(value ? TupleCode.yes : TupleCode.no)
    }

    /// A zero byte inside is followed by 0xFF; a zero byte alone ends the value.
    @inlinable
    mutating func appendTerminated(_ value: UnsafeRawBufferPointer) {
        for byte in value {
            append(byte)
            if byte == 0 { append(0xff) }
        }
        append(0)
    }
}

extension ByteReader {
    package mutating func readTupleElement() throws(BytesError) -> TupleElement {
        let code = try readByte()
        switch code {
        case TupleCode.null: return .null
        case TupleCode.bytes: return .bytes(try readTerminated())
        case TupleCode.string:
            guard let text = String(validating: try readTerminated(), as: UTF8.self) else {
                throw BytesError(.malformed, "a string in a key is not UTF-8")
            }
            return .string(text)
        case TupleCode.zero - 8...TupleCode.zero + 8: return .int64(try readTupleInteger(code))
        case TupleCode.double:
            let word = try readBigEndian(UInt64.self)
            let value = Double(bitPattern: word >> 63 == 1 ? word & ~(1 << 63) : ~word)
            guard !value.isNaN, value.bitPattern != 1 << 63 else {
                throw BytesError(.malformed, "a key holds a NaN or a negative zero")
            }
            return .double(value)
        case TupleCode.no: return .bool(false)
        case TupleCode.yes: return .bool(true)
        default: throw BytesError(.malformed, "no key element has the type code \(code)")
        }
    }

    package mutating func readTuple() throws(BytesError) -> [TupleElement] {
        var elements: [TupleElement] = []
        while !isAtEnd { elements.append(try readTupleElement()) }
        return elements
    }

    /// Passes over one element; `position` then stands where the next begins.
    package mutating func skipTupleElement() throws(BytesError) {
        let code = try readByte()
        switch code {
        case TupleCode.null, TupleCode.no, TupleCode.yes: return
        case TupleCode.bytes, TupleCode.string: try skipTerminated()
        case TupleCode.zero - 8...TupleCode.zero + 8: _ = try readBytes(abs(Int(code) - Int(TupleCode.zero)))
        case TupleCode.double: _ = try readBytes(8)
        default: throw BytesError(.malformed, "no key element has the type code \(code)")
        }
    }

    private mutating func readTupleInteger(_ code: UInt8) throws(BytesError) -> Int64 {
        let length = abs(Int(code) - Int(TupleCode.zero))
        let isNegative = code < TupleCode.zero
        var magnitude: UInt64 = 0
        for byte in try readBytes(length) { magnitude = magnitude << 8 | UInt64(isNegative ? ~byte : byte) }
        guard length == 0 || magnitude >> UInt64(length * 8 - 8) != 0 else {
            throw BytesError(.malformed, "an integer in a key has leading zero bytes")
        }
        let limit: UInt64 = isNegative ? 1 << 63 : 1 << 63 - 1
        guard magnitude <= limit else { throw BytesError(.malformed, "an integer in a key exceeds 64 bits") }
        return isNegative ? Int64(truncatingIfNeeded: 0 &- magnitude) : Int64(magnitude)
    }

    /// Keys are passed over by the thousand to find their shards, so this copies nothing.
    private mutating func skipTerminated() throws(BytesError) {
        while true {
            if try readByte() != 0 { continue }
            guard peekByte() == 0xff else { return }
            _ = try readByte()
        }
    }

    private mutating func readTerminated() throws(BytesError) -> [UInt8] {
        var value: [UInt8] = []
        while true {
            let byte = try readByte()
            if byte != 0 {
                value.append(byte)
            } else if peekByte() == 0xff {
                value.append(0)
                _ = try readByte()
            } else {
                return value
            }
        }
    }
}
