internal import Bytes
internal import Records

// The keys of a whole batch in the encoding of `Protocols/keys.md`, written row by row into one arena, a word at a time: a
// third of the time that `encodeKeys` of Records takes, which is what a load needs. `RecordsTests` hold the encoding of
// single keys against its vectors, `KeyBatchTests` this one against that.

/// The encoded keys of a batch's rows.
struct KeyBatch: Sendable {
    private(set) var arena: [UInt8] = []
    /// Where each row's key ends; a row that is passed over has an empty one.
    private(set) var ends: [Int] = []
    /// Of each row's key, once `hash` was called.
    private(set) var hashes: [UInt64] = []

    func range(at row: Int) -> Range<Int> {
        (row == 0 ? 0 : ends[row - 1])..<ends[row]
    }

    /// Encodes `columns`, then `paneStarts`, of every row whose element of `slots` is not `noSlot`.
    ///
    /// A NaN has no place in a key: such a row's element becomes `noSlot`, and the row is returned.
    mutating func encode(_ columns: [Column], paneStarts: [Int64]?, slots: inout [UInt32]) -> [Int] {
        let rows = slots.count
        let capacity = columns.reduce(rows * 9 + 8) { $0 + $1.greatestEncodedByteCount }
        var unencodable: [Int] = []
        Self.withVectors(of: columns[...], appending: paneStarts, to: []) { vectors in
            arena = [UInt8](unsafeUninitializedCapacity: capacity) { arena, count in
                var writer = KeyWriter(arena: UnsafeMutableRawBufferPointer(arena))
                ends = [Int](unsafeUninitializedCapacity: rows) { ends, count in
                    vectors.withUnsafeBufferPointer { vectors in
                        for row in 0..<rows {
                            if slots[row] != GroupMap.noSlot, !writer.append(vectors, row: row, start: writer.position)
                            {
                                slots[row] = GroupMap.noSlot
                                unencodable.append(row)
                            }
                            ends.initializeElement(at: row, to: writer.position)
                        }
                    }
                    count = rows
                }
                count = writer.position
            }
        }
        return unencodable
    }

    mutating func hash() {
        hashes = arena.withUnsafeBytes { xxh3(ofEach: $0, ends: ends) }
    }

    /// Calls `body` with the memory of all columns at once.
    private static func withVectors(
        of columns: ArraySlice<Column>, appending paneStarts: [Int64]?, to vectors: [KeyVector],
        _ body: ([KeyVector]) -> Void
    ) {
        guard let column = columns.first else {
            guard let paneStarts else { return body(vectors) }
            return paneStarts.withUnsafeBytes {
                body(vectors + [KeyVector(kind: .int64, values: $0, ends: nil, nulls: nil)])
            }
        }
        column.withKeyVector { vector in
            withVectors(of: columns.dropFirst(), appending: paneStarts, to: vectors + [vector], body)
        }
    }
}

/// One key column in memory that the batch owns.
private struct KeyVector {
    enum Kind { case bool, int64, double, string, bytes }

    let kind: Kind
    let values: UnsafeRawBufferPointer
    let ends: UnsafeBufferPointer<Int>?
    let nulls: UnsafeBufferPointer<Bool>?
}

/// Writes into memory that the caller made large enough: eight bytes more than the longest keys can take.
private struct KeyWriter {
    let arena: UnsafeMutableRawBufferPointer
    private(set) var position = 0

    init(arena: UnsafeMutableRawBufferPointer) {
        self.arena = arena
    }

    /// false, with nothing written, where the row has a NaN.
    @inline(__always)
    mutating func append(_ vectors: UnsafeBufferPointer<KeyVector>, row: Int, start: Int) -> Bool {
        for vector in vectors {
            if let nulls = vector.nulls, nulls[row] {
                append(TupleCode.null)
                continue
            }
            switch vector.kind {
            case .bool: append(vector.values[row] != 0 ? TupleCode.yes : TupleCode.no)
            case .int64: append(int64: vector.values.load(fromByteOffset: row * 8, as: Int64.self))
            case .double:
                let value = vector.values.load(fromByteOffset: row * 8, as: Double.self)
                if value.isNaN {
                    position = start
                    return false
                }
                append(double: value)
            case .string, .bytes:
                append(vector.kind == .string ? TupleCode.string : TupleCode.bytes)
                if let ends = vector.ends {
                    appendTerminated(vector.values, from: row == 0 ? 0 : ends[row - 1], to: ends[row])
                }
            }
        }
        return true
    }

    @inline(__always)
    private mutating func append(_ byte: UInt8) {
        arena[position] = byte
        position += 1
    }

    /// Always stores eight bytes; what is too much, the next element overwrites.
    @inline(__always)
    private mutating func append(int64 value: Int64) {
        let magnitude = value.magnitude
        let length = (71 - magnitude.leadingZeroBitCount) / 8
        append(value < 0 ? TupleCode.zero - UInt8(length) : TupleCode.zero + UInt8(length))
        let word = (value < 0 ? ~magnitude : magnitude) << UInt64(64 - 8 * length)
        arena.storeBytes(of: word.bigEndian, toByteOffset: position, as: UInt64.self)
        position += length
    }

    @inline(__always)
    private mutating func append(double value: Double) {
        let bits = (value == 0 ? 0.0 : value).bitPattern
        append(TupleCode.double)
        let word = bits >> 63 == 1 ? ~bits : bits | 1 << 63
        arena.storeBytes(of: word.bigEndian, toByteOffset: position, as: UInt64.self)
        position += 8
    }

    /// Eight bytes at a time as long as none of them is zero; what is too much, the next element overwrites.
    @inline(__always)
    private mutating func appendTerminated(_ values: UnsafeRawBufferPointer, from start: Int, to end: Int) {
        var offset = start
        while offset < end, offset + 8 <= values.count {
            let word = UInt64(littleEndian: values.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let count = min(8, end - offset)
            // What is not of the value counts as no zero; a shift by 64 makes nothing.
            let checked = word | ~0 << UInt64(8 * count)
            if (checked &- 0x0101_0101_0101_0101) & ~checked & 0x8080_8080_8080_8080 != 0 { break }
            arena.storeBytes(of: word.littleEndian, toByteOffset: position, as: UInt64.self)
            position += count
            offset += count
        }
        while offset < end {
            append(values[offset])
            if values[offset] == 0 { append(0xff) }
            offset += 1
        }
        append(0)
    }
}

extension Column {
    fileprivate func withKeyVector(_ body: (KeyVector) -> Void) {
        func withNulls(_ body: (UnsafeBufferPointer<Bool>?) -> Void) {
            if let nulls { nulls.withUnsafeBufferPointer { body($0) } } else { body(nil) }
        }
        func call(_ kind: KeyVector.Kind, _ values: UnsafeRawBufferPointer, _ ends: UnsafeBufferPointer<Int>? = nil) {
            withNulls { body(KeyVector(kind: kind, values: values, ends: ends, nulls: $0)) }
        }
        switch storage {
        case .bool(let values): values.withUnsafeBytes { call(.bool, $0) }
        case .int64(let values): values.withUnsafeBytes { call(.int64, $0) }
        case .double(let values): values.withUnsafeBytes { call(.double, $0) }
        case .bytes(let strings):
            strings.arena.withUnsafeBytes { arena in
                strings.ends.withUnsafeBufferPointer { call(type == .string ? .string : .bytes, arena, $0) }
            }
        }
    }

    /// No encoding of all rows together is longer.
    fileprivate var greatestEncodedByteCount: Int {
        switch storage {
        case .bool(let values): values.count
        case .int64(let values): values.count * 9
        case .double(let values): values.count * 9
        case .bytes(let strings): strings.arena.count * 2 + strings.count * 2
        }
    }
}
