internal import Bytes

/// A sum of integers in 128 bits, where 2^64 addends fit; only presenting saturates, so that the laws hold.
enum SumInt64State {
    /// nil where the payload is no such state, or not in its one form.
    static func decode(_ field: ProtobufField) -> Int128? {
        guard case .lengthDelimited = field.wireType else { return nil }
        var reader = ProtobufReader(field.bytes)
        guard let low = try? reader.next(), low.number == 1, low.wireType == .fixed64 else { return nil }
        let extended = Int128(Int64(bitPattern: low.bits))
        if field.bytes.count == 9 { return extended }
        guard let high = try? reader.next(), high.number == 2, high.wireType == .varint,
            high.int64 != Int64(truncatingIfNeeded: extended >> 64),
            field.bytes.count == 9 + high.shortestLength
        else { return nil }
        return Int128(high.int64) << 64 | Int128(low.bits)
    }

    static func append(_ sum: Int128, field number: Int, into writer: inout ByteWriter) {
        let high = Int64(truncatingIfNeeded: sum >> 64)
        let extendsSign = Int128(Int64(truncatingIfNeeded: sum)) == sum
        writer.append(tag: number, .lengthDelimited)
        writer.append(varint: UInt64(extendsSign ? 9 : 10 + varintLength(UInt64(bitPattern: high))))
        writer.append(tag: 1, .fixed64)
        writer.append(littleEndian: UInt64(truncatingIfNeeded: sum))
        if !extendsSign { writer.append(field: 2, int64: high) }
    }
}
