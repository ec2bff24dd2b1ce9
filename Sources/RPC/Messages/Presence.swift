package import Bytes

// The hot messages are read and written in place, next to the generated types whose bytes they share. proto3 leaves out
// a field without `optional` that has its default, and so do these; fields stand in the order of their numbers.

extension ByteWriter {
    mutating func append(present number: Int, uint32 value: UInt32) {
        if value != 0 { append(field: number, int64: Int64(value)) }
    }

    mutating func append(present number: Int, int64 value: Int64) {
        if value != 0 { append(field: number, int64: value) }
    }

    mutating func append(packed number: Int, _ values: [UInt32]) {
        if values.isEmpty { return }
        append(field: number) { writer in
            for value in values { writer.append(varint: UInt64(value)) }
        }
    }

    mutating func append(present number: Int, bool value: Bool) {
        if value { append(field: number, bool: value) }
    }

    mutating func append(present number: Int, bytes value: UnsafeRawBufferPointer) {
        if !value.isEmpty { append(field: number, bytes: value) }
    }

    mutating func append(present number: Int, bytes value: [UInt8]) {
        if !value.isEmpty { append(field: number, bytes: value) }
    }

    mutating func append(present number: Int, string value: String) {
        if !value.isEmpty { append(field: number, string: value) }
    }
}

/// What a length-delimited field of a number below 16 and of `count` bytes takes.
func delimitedLength(_ count: Int) -> Int {
    1 + varintLength(UInt64(count)) + count
}

/// How many columns a request may name. A reader of more stops at the first that is too many.
package let greatestColumnCount = 10_000

/// The values of a repeated uint32, packed or not, for a reader has to take both: up to one more than a request may have.
func columnNumbers(inField number: Int, of message: UnsafeRawBufferPointer) throws(BytesError) -> [UInt32] {
    var numbers: [UInt32] = []
    var fields = ProtobufReader(message)
    while numbers.count <= greatestColumnCount, let field = try fields.next() {
        if field.number != number { continue }
        switch field.wireType {
        case .varint: numbers.append(field.uint32)
        case .lengthDelimited:
            var packed = ByteReader(field.bytes)
            while numbers.count <= greatestColumnCount, !packed.isAtEnd {
                numbers.append(UInt32(truncatingIfNeeded: try packed.readVarint()))
            }
        default: break
        }
    }
    return numbers
}

extension ProtobufField {
    /// A varint as a uint32: protobuf keeps the low bits.
    var uint32: UInt32 { UInt32(truncatingIfNeeded: bits) }
    var bool: Bool { bits != 0 }
}

/// `bytes` as text; a name that is no UTF-8 is malformed.
package func text(_ bytes: UnsafeRawBufferPointer) throws(BytesError) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
        throw BytesError(.malformed, "a string of a message is not UTF-8")
    }
    return text
}
