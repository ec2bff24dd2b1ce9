package import Records

#if canImport(Glibc)
    internal import Glibc
#endif

// A load encodes every row of every batch. Row by row that costs a check and a copy for each value; here the columns are taken
// apart once for a batch, and rows are written behind one another into memory that is large enough for all of them.

extension UpsertRowEncoder {
    /// The values of `count` rows of a batch, each as `encode` makes it, with the order of row after row of one file.
    package func encode(batch columns: [Column], count: Int, file: Int, firstRow: Int) -> ByteStrings {
        var rows = ByteStrings()
        let fields = ascendingFields(of: columns)
        let capacity = fields.reduce(count * Self.greatestOverhead) { $0 + $1.column.greatestByteCount }
        rows.arena = [UInt8](unsafeUninitializedCapacity: capacity) { arena, used in
            guard let start = arena.baseAddress else { return }
            var writer = RowWriter(next: UnsafeMutableRawPointer(start))
            rows.ends = [Int](unsafeUninitializedCapacity: count) { ends, endCount in
                Self.withVectors(of: fields[...], []) { vectors in
                    vectors.withUnsafeBufferPointer { vectors in
                        for row in 0..<count {
                            writer.append(prefix: Self.prefix)
                            for vector in vectors { writer.append(vector, row) }
                            let order = UpsertOrder.batch(file: file, row: firstRow + row).offset
                            if order != 0 { writer.append(tag: Self.orderTag, varint: UInt64(bitPattern: order)) }
                            ends.initializeElement(at: row, to: writer.next - UnsafeMutableRawPointer(start))
                        }
                    }
                }
                endCount = count
            }
            used = writer.next - UnsafeMutableRawPointer(start)
        }
        return rows
    }

    /// Of one row, whatever its columns: the envelope, the order, and room for the last store of eight bytes.
    private static let greatestOverhead = 3 + 2 + 10 + 8
    private static let orderTag = Tag(UpsertField.offset, .varint)

    private func ascendingFields(of columns: [Column]) -> [(number: Int, column: Column)] {
        zip(layout.fields, columns).map { ($0.number, $1) }.sorted { $0.number < $1.number }
    }

    /// Calls `body` with the memory of all columns at once.
    private static func withVectors(
        of fields: ArraySlice<(number: Int, column: Column)>, _ vectors: [FieldVector], _ body: ([FieldVector]) -> Void
    ) {
        guard let field = fields.first else { return body(vectors) }
        field.column.withFieldVector(number: field.number) {
            withVectors(of: fields.dropFirst(), vectors + [$0], body)
        }
    }
}

/// A field's tag as it stands in a message.
private struct Tag {
    let bytes: UInt64
    let count: Int

    enum Kind: UInt64 {
        case varint = 0
        case fixed64 = 1
        case lengthDelimited = 2
    }

    init(_ number: Int, _ kind: Kind) {
        var rest = UInt64(number) << 3 | kind.rawValue
        var bytes: UInt64 = 0
        var count = 0
        while rest >= 0x80 {
            bytes |= (rest & 0x7f | 0x80) << UInt64(8 * count)
            rest >>= 7
            count += 1
        }
        self.bytes = (bytes | rest << UInt64(8 * count)).littleEndian
        self.count = count + 1
    }
}

/// One column in memory that the batch owns.
private struct FieldVector {
    enum Kind { case bool, int64, double, bytes }

    let kind: Kind
    let tag: Tag
    let values: UnsafeRawBufferPointer
    let ends: UnsafeBufferPointer<Int>?
    let nulls: UnsafeBufferPointer<Bool>?
}

/// Writes into memory that the caller made large enough: what a store writes too much, the next one overwrites.
private struct RowWriter {
    var next: UnsafeMutableRawPointer

    @inline(__always)
    mutating func append(prefix: [UInt8]) {
        for byte in prefix {
            next.storeBytes(of: byte, as: UInt8.self)
            next += 1
        }
    }

    @inline(__always)
    mutating func append(_ vector: FieldVector, _ row: Int) {
        if let nulls = vector.nulls, nulls[row] { return }
        switch vector.kind {
        case .bool: append(tag: vector.tag, varint: vector.values[row] == 0 ? 0 : 1)
        case .int64:
            append(tag: vector.tag, varint: vector.values.load(fromByteOffset: row * 8, as: UInt64.self))
        case .double:
            append(vector.tag)
            next.storeBytes(
                of: vector.values.load(fromByteOffset: row * 8, as: UInt64.self).littleEndian, as: UInt64.self)
            next += 8
        case .bytes:
            guard let ends = vector.ends else { return }
            let start = row == 0 ? 0 : ends[row - 1]
            let count = ends[row] - start
            append(tag: vector.tag, varint: UInt64(count))
            if count > 0, let bytes = vector.values.baseAddress {
                memcpy(next, bytes + start, count)
                next += count
            }
        }
    }

    @inline(__always)
    mutating func append(_ tag: Tag) {
        next.storeBytes(of: tag.bytes, as: UInt64.self)
        next += tag.count
    }

    @inline(__always)
    mutating func append(tag: Tag, varint value: UInt64) {
        append(tag)
        var rest = value
        while rest >= 0x80 {
            next.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, as: UInt8.self)
            next += 1
            rest >>= 7
        }
        next.storeBytes(of: UInt8(truncatingIfNeeded: rest), as: UInt8.self)
        next += 1
    }
}

extension Column {
    /// Tags take five bytes at most, varints ten.
    fileprivate var greatestByteCount: Int {
        switch storage {
        case .bool(let values): values.count * 6
        case .int64(let values): values.count * 15
        case .double(let values): values.count * 13
        case .bytes(let strings): strings.arena.count + strings.count * 10
        }
    }

    fileprivate func withFieldVector(number: Int, _ body: (FieldVector) -> Void) {
        func withNulls(_ body: (UnsafeBufferPointer<Bool>?) -> Void) {
            if let nulls { nulls.withUnsafeBufferPointer { body($0) } } else { body(nil) }
        }
        func call(
            _ kind: FieldVector.Kind, _ tag: Tag.Kind, _ values: UnsafeRawBufferPointer,
            _ ends: UnsafeBufferPointer<Int>? = nil
        ) {
            withNulls {
                body(FieldVector(kind: kind, tag: Tag(number, tag), values: values, ends: ends, nulls: $0))
            }
        }
        switch storage {
        case .bool(let values): values.withUnsafeBytes { call(.bool, .varint, $0) }
        case .int64(let values): values.withUnsafeBytes { call(.int64, .varint, $0) }
        case .double(let values): values.withUnsafeBytes { call(.double, .fixed64, $0) }
        case .bytes(let strings):
            strings.arena.withUnsafeBytes { arena in
                strings.ends.withUnsafeBufferPointer { call(.bytes, .lengthDelimited, arena, $0) }
            }
        }
    }
}
