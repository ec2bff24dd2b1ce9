internal import Bytes

// A value inside a state carries its type in its wire type: a varint is BOOL, INT64 or TIMESTAMP, a fixed64 is DOUBLE,
// and what is length-delimited is STRING or BYTES. So states are compared without the catalog.

extension ProtobufField {
    /// Whether this is a value as a state holds it: of a type that values have, and a double canonical.
    var isStateValue: Bool {
        switch wireType {
        case .varint, .lengthDelimited: true
        case .fixed64: canonical(double).bitPattern == bits
        case .fixed32: false
        }
    }

    /// The bytes that the field takes when it is encoded as short as can be.
    var canonicalLength: Int {
        let tag = varintLength(UInt64(number) << 3)
        return switch wireType {
        case .varint: tag + varintLength(bits)
        case .fixed64: tag + 8
        case .fixed32: tag + 4
        case .lengthDelimited: tag + varintLength(UInt64(bytes.count)) + bytes.count
        }
    }

    /// Less than 0 where this value precedes `other`, which has the same wire type, in tuple order; 0 where they are equal.
    func tupleOrder(_ other: ProtobufField) -> Int {
        switch wireType {
        case .lengthDelimited: byteOrder(bytes, other.bytes)
        case .fixed64: numberOrder(orderKey(double), orderKey(other.double))
        default: numberOrder(int64, other.int64)
        }
    }

    var scalar: Scalar {
        switch wireType {
        case .lengthDelimited: .bytes([UInt8](bytes))
        case .fixed64: .double(double)
        default: .int64(int64)
        }
    }
}

extension ByteWriter {
    mutating func append(field number: Int, value: ProtobufField) {
        switch value.wireType {
        case .lengthDelimited: append(field: number, bytes: value.bytes)
        case .fixed64: append(field: number, double: value.double)
        default: append(field: number, int64: value.int64)
        }
    }
}

/// One zero and one NaN, so that equal values have equal bytes.
@inline(__always)
func canonical(_ value: Double) -> Double {
    if value == 0 { return 0 }
    return value.isNaN ? .nan : value
}

/// A number that orders canonical doubles as tuples do: negative ones first, NaN last.
@inline(__always)
func orderKey(_ value: Double) -> Int64 {
    let bits = Int64(bitPattern: value.bitPattern)
    return bits ^ (bits >> 63 & Int64.max)
}

/// The double that has the key.
@inline(__always)
func double(orderKey key: Int64) -> Double {
    Double(bitPattern: UInt64(bitPattern: key ^ (key >> 63 & Int64.max)))
}

@inline(__always)
func numberOrder(_ a: Int64, _ b: Int64) -> Int {
    a < b ? -1 : a == b ? 0 : 1
}

/// By the first byte that differs; a prefix precedes what it begins.
func byteOrder(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
    let common = min(a.count, b.count)
    var index = 0
    while index + 8 <= common {
        let x = UInt64(bigEndian: a.loadUnaligned(fromByteOffset: index, as: UInt64.self))
        let y = UInt64(bigEndian: b.loadUnaligned(fromByteOffset: index, as: UInt64.self))
        if x != y { return x < y ? -1 : 1 }
        index += 8
    }
    while index < common {
        if a[index] != b[index] { return a[index] < b[index] ? -1 : 1 }
        index += 1
    }
    return a.count - b.count
}
