/// Appends encoded values to one growing array.
///
/// Fixed-width integers are little-endian unless the name says otherwise; keys use `bigEndian`, so that byte
/// order is number order.
package struct ByteWriter: Sendable {
    package var bytes: [UInt8]

    @inlinable
    package init(capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    @inlinable package var count: Int { bytes.count }

    @inlinable
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
    }

    @inlinable
    package mutating func append(_ byte: UInt8) {
        bytes.append(byte)
    }

    @inlinable
    package mutating func append(contentsOf more: [UInt8]) {
        bytes.append(contentsOf: more)
    }

    @inlinable
    package mutating func append(contentsOf more: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: more)
    }

    /// Appends `count` bytes, all of which `fill` writes.
    @inlinable
    package mutating func append(count: Int, _ fill: (UnsafeMutableRawPointer) -> Void) {
        guard count > 0 else { return }
        bytes.append(addingCapacity: count) { span in
            span.withUnsafeMutableBufferPointer { space, initializedCount in
                guard let base = space.baseAddress else { return }
                fill(UnsafeMutableRawPointer(base))
                initializedCount = count
            }
        }
    }

    @inlinable
    package mutating func append<T: FixedWidthInteger>(littleEndian value: T) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    @inlinable
    package mutating func append<T: FixedWidthInteger>(bigEndian value: T) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Base-128, low group first, as protobuf has it.
    @inlinable
    package mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// A varint length, then the bytes.
    @inlinable
    package mutating func append(lengthPrefixed more: UnsafeRawBufferPointer) {
        append(varint: UInt64(more.count))
        bytes.append(contentsOf: more)
    }

    @inlinable
    package mutating func append(lengthPrefixed more: [UInt8]) {
        append(varint: UInt64(more.count))
        bytes.append(contentsOf: more)
    }

    /// Writes a length-prefixed value whose length is known only afterwards.
    @inlinable
    package mutating func appendLengthPrefixed(_ body: (inout ByteWriter) -> Void) {
        let start = bytes.count
        bytes.append(0)
        body(&self)
        let length = bytes.count - start - 1
        if length < 0x80 {
            bytes[start] = UInt8(length)
            return
        }
        // The value moves up, to make room for the rest of its length.
        let shift = varintLength(UInt64(length)) - 1
        for _ in 0..<shift { bytes.append(0) }
        bytes.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            (base + start + 1 + shift).copyMemory(from: base + start + 1, byteCount: length)
            var rest = UInt64(length)
            for index in 0...shift {
                bytes[start + index] = UInt8(truncatingIfNeeded: rest & 0x7f) | (index < shift ? 0x80 : 0)
                rest >>= 7
            }
        }
    }
}

/// The bytes that `value` takes as a varint.
@inlinable
package func varintLength(_ value: UInt64) -> Int {
    (63 - (value | 1).leadingZeroBitCount) / 7 + 1
}
