package import Bytes

// A key is the tuple of its key columns' values (Protocols/keys.md). TIMESTAMP is an integer there.

/// The tuple of `values`. A double that is NaN is refused: no lookup would find it.
package func encodeKey(_ values: [Value], into writer: inout ByteWriter) throws(RecordsError) {
    do {
        for value in values {
            switch value {
            case .null: writer.appendTupleNull()
            case .bool(let value): writer.appendTuple(bool: value)
            case .int64(let value), .timestamp(let value): writer.appendTuple(int64: value)
            case .double(let value): try writer.appendTuple(double: value)
            case .string(var value): value.withUTF8 { writer.appendTuple(utf8: UnsafeRawBufferPointer($0)) }
            case .bytes(let value): value.withUnsafeBytes { writer.appendTuple(bytes: $0) }
            }
        }
    } catch {
        throw RecordsError(.unencodable, error.message, cause: error)
    }
}

/// The values of a tuple that has one element of each of `types`, or with `allowsPrefix` of the first of them.
package func decodeKey(
    _ key: UnsafeRawBufferPointer, types: [ValueType], allowsPrefix: Bool = false
) throws(RecordsError) -> [Value] {
    var reader = ByteReader(key)
    var values: [Value] = []
    values.reserveCapacity(types.count)
    while !reader.isAtEnd {
        let element: TupleElement
        do {
            element = try reader.readTupleElement()
        } catch {
            throw RecordsError(.corrupt, "a key cannot be decoded: \(error.message)", cause: error)
        }
        guard values.count < types.count else {
            throw RecordsError(.corrupt, "a key has more than its \(types.count) columns")
        }
        switch (element, types[values.count]) {
        case (.null, _): values.append(.null)
        case (.bool(let value), .bool): values.append(.bool(value))
        case (.int64(let value), .int64): values.append(.int64(value))
        case (.int64(let value), .timestamp): values.append(.timestamp(value))
        case (.double(let value), .double): values.append(.double(value))
        case (.string(let value), .string): values.append(.string(value))
        case (.bytes(let value), .bytes): values.append(.bytes(value))
        case (_, let type):
            throw RecordsError(.corrupt, "column \(values.count + 1) of a key is not of type \(type.rawValue)")
        }
    }
    guard values.count == types.count || allowsPrefix else {
        throw RecordsError(.corrupt, "a key has \(values.count) columns instead of \(types.count)")
    }
    return values
}

extension ByteWriter {
    /// The tuple element of one value of a column; false, with nothing written, for a NaN.
    package mutating func appendTuple(_ column: Column, row: Int) -> Bool {
        if let nulls = column.nulls, nulls[row] {
            appendTupleNull()
            return true
        }
        switch column.storage {
        case .bool(let values): appendTuple(bool: values[row])
        case .int64(let values): appendTuple(int64: values[row])
        case .double(let values):
            let value = values[row]
            if value.isNaN { return false }
            do { try appendTuple(double: value) } catch { return false }
        case .bytes(let strings):
            let range = strings.range(at: row)
            strings.arena.withUnsafeBytes { arena in
                let bytes = UnsafeRawBufferPointer(rebasing: arena[range])
                if column.type == .string { appendTuple(utf8: bytes) } else { appendTuple(bytes: bytes) }
            }
        }
        return true
    }
}

/// The keys of a batch's rows, one tuple each.
package struct EncodedKeys: Sendable {
    package var keys: ByteStrings
    /// Where in the arena the tuple's leading columns end: what a shard hashes.
    package var leadingEnds: [Int]
    /// Rows whose key holds a NaN; what stands for them in `keys` is no key.
    package var refused: [Int]
}

/// The key of every row of `columns`, which are the key columns in order, with `reserved` zero bytes before each tuple.
package func encodeKeys(
    _ columns: [Column], count: Int, leading: Int? = nil, reserved: Int = 0
) -> EncodedKeys {
    let leading = leading ?? columns.count
    var writer = ByteWriter(capacity: count * (reserved + columns.count * 12))
    var encoded = EncodedKeys(keys: ByteStrings(), leadingEnds: [], refused: [])
    encoded.keys.ends.reserveCapacity(count)
    encoded.leadingEnds.reserveCapacity(count)
    for row in 0..<count {
        for _ in 0..<reserved { writer.append(0) }
        var isRefused = false
        for index in 0..<leading where !writer.appendTuple(columns[index], row: row) { isRefused = true }
        encoded.leadingEnds.append(writer.count)
        for index in leading..<columns.count where !writer.appendTuple(columns[index], row: row) { isRefused = true }
        encoded.keys.ends.append(writer.count)
        if isRefused { encoded.refused.append(row) }
    }
    encoded.keys.arena = writer.bytes
    return encoded
}
