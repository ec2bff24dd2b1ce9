// Records travel through the data plane as columns: one array per column and batch, so that a room's edge is crossed
// once per batch and every inner loop runs over plain arrays.

/// The values that one batch of records has in one column.
package struct Column: Sendable {
    package enum Storage: Sendable {
        case bool([Bool])
        /// INT64 and TIMESTAMP.
        case int64([Int64])
        case double([Double])
        /// STRING (as UTF-8) and BYTES.
        case bytes(ByteStrings)
    }

    package var type: ValueType
    /// A value stands at a NULL's index too, and means nothing.
    package var storage: Storage
    /// nil where no value is NULL.
    package var nulls: [Bool]?

    package init(type: ValueType, storage: Storage, nulls: [Bool]? = nil) {
        self.type = type
        self.storage = storage
        self.nulls = nulls
    }

    package var count: Int {
        switch storage {
        case .bool(let values): values.count
        case .int64(let values): values.count
        case .double(let values): values.count
        case .bytes(let values): values.count
        }
    }
}

/// Many byte strings in one allocation.
package struct ByteStrings: Sendable {
    package var arena: [UInt8]
    /// Where each string ends in the arena; it begins where the one before it ends.
    package var ends: [Int]

    @inlinable
    package init(arena: [UInt8] = [], ends: [Int] = []) {
        self.arena = arena
        self.ends = ends
    }

    @inlinable package var count: Int { ends.count }

    @inlinable
    package func range(at index: Int) -> Range<Int> {
        (index == 0 ? 0 : ends[index - 1])..<ends[index]
    }

    @inlinable
    package subscript(index: Int) -> ArraySlice<UInt8> { arena[range(at: index)] }

    @inlinable
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        arena.append(contentsOf: bytes)
        ends.append(arena.count)
    }

    @inlinable
    package mutating func append(_ bytes: some Collection<UInt8>) {
        arena.append(contentsOf: bytes)
        ends.append(arena.count)
    }
}

/// Rows as columns of equal length.
package struct RecordBatch: Sendable {
    package var count: Int
    package var columns: [Column]

    package init(count: Int, columns: [Column]) {
        precondition(columns.allSatisfy { $0.count == count })
        self.count = count
        self.columns = columns
    }
}

extension Column {
    /// The value at `index`, for edges and tests; loops switch over `storage` once instead.
    package func value(at index: Int) -> Value {
        if nulls?[index] == true { return .null }
        switch storage {
        case .bool(let values): return .bool(values[index])
        case .int64(let values): return type == .timestamp ? .timestamp(values[index]) : .int64(values[index])
        case .double(let values): return .double(values[index])
        case .bytes(let values):
            return type == .string
                ? .string(String(decoding: values[index], as: UTF8.self)) : .bytes([UInt8](values[index]))
        }
    }

    /// A column of `values`, each of which is NULL or of the type given.
    package init(type: ValueType, values: [Value]) {
        var nulls = [Bool](repeating: false, count: values.count)
        for (index, value) in values.enumerated() {
            precondition(value.type == nil || value.type == type, "\(value) is no \(type.rawValue)")
            nulls[index] = value == .null
        }
        let storage: Storage
        switch type {
        case .bool: storage = .bool(values.map { if case .bool(let value) = $0 { value } else { false } })
        case .int64: storage = .int64(values.map { if case .int64(let value) = $0 { value } else { 0 } })
        case .timestamp: storage = .int64(values.map { if case .timestamp(let value) = $0 { value } else { 0 } })
        case .double: storage = .double(values.map { if case .double(let value) = $0 { value } else { 0 } })
        case .string, .bytes:
            var strings = ByteStrings()
            for value in values {
                switch value {
                case .string(let text): strings.append(text.utf8)
                case .bytes(let bytes): strings.append(bytes)
                default: strings.append([])
                }
            }
            storage = .bytes(strings)
        }
        self.init(type: type, storage: storage, nulls: nulls.contains(true) ? nulls : nil)
    }
}
