internal import Bytes

/// A value inside a state. Its wire type is its type: a varint is BOOL, INT64 or TIMESTAMP, a fixed64 is DOUBLE, and what
/// is length-delimited is STRING or BYTES. So states are compared without the catalog.
struct StateValue {
    let wireType: WireType
    let bits: UInt64
    let bytes: UnsafeRawBufferPointer

    /// nil where the field is not a value as a state holds it: of a type that values have, and a double canonical.
    @inline(__always)
    init?(_ field: ProtobufField) {
        wireType = field.wireType
        bits = field.bits
        bytes = field.bytes
        switch wireType {
        case .varint, .lengthDelimited: break
        case .fixed64: if canonical(Double(bitPattern: bits)).bitPattern != bits { return nil }
        case .fixed32: return nil
        }
    }

    /// Less than 0 where this value precedes `other` in tuple order, 0 where they are equal; nil where their types differ,
    /// so that they cannot stand in one field.
    func tupleOrder(_ other: StateValue) -> Int? {
        switch (wireType, other.wireType) {
        case (.varint, .varint): numberOrder(Int64(bitPattern: bits), Int64(bitPattern: other.bits))
        case (.fixed64, .fixed64):
            numberOrder(orderKey(Double(bitPattern: bits)), orderKey(Double(bitPattern: other.bits)))
        case (.lengthDelimited, .lengthDelimited): byteOrder(bytes, other.bytes)
        default: nil
        }
    }

    var scalar: Scalar {
        switch wireType {
        case .lengthDelimited: .bytes([UInt8](bytes))
        case .fixed64: .double(Double(bitPattern: bits))
        default: .int64(Int64(bitPattern: bits))
        }
    }
}

extension ProtobufField {
    /// The bytes that the field, whose number is below 16, takes when it is encoded as short as can be.
    @inline(__always)
    var shortestLength: Int {
        switch wireType {
        case .varint: 1 + varintLength(bits)
        case .fixed64: 9
        case .fixed32: 5
        case .lengthDelimited: 1 + varintLength(UInt64(bytes.count)) + bytes.count
        }
    }
}

extension ByteWriter {
    mutating func append(field number: Int, value: StateValue) {
        switch value.wireType {
        case .lengthDelimited: append(field: number, bytes: value.bytes)
        case .fixed64: append(field: number, double: Double(bitPattern: value.bits))
        default: append(field: number, int64: Int64(bitPattern: value.bits))
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
