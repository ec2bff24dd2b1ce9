/// Gathers one column value by value, in the representation that the type has.
struct ColumnBuilder {
    let type: ValueType
    private(set) var bools: [Bool] = []
    private(set) var int64s: [Int64] = []
    private(set) var doubles: [Double] = []
    private(set) var strings = ByteStrings()
    private var nulls: [Bool] = []
    private var hasNulls = false

    init(type: ValueType, capacity: Int) {
        self.type = type
        nulls.reserveCapacity(capacity)
        switch type {
        case .bool: bools.reserveCapacity(capacity)
        case .int64, .timestamp: int64s.reserveCapacity(capacity)
        case .double: doubles.reserveCapacity(capacity)
        case .string, .bytes: strings.ends.reserveCapacity(capacity)
        }
    }

    mutating func append(_ value: Bool) {
        bools.append(value)
        nulls.append(false)
    }

    mutating func append(_ value: Int64) {
        int64s.append(value)
        nulls.append(false)
    }

    mutating func append(_ value: Double) {
        doubles.append(value)
        nulls.append(false)
    }

    mutating func append(_ value: UnsafeRawBufferPointer) {
        strings.append(value)
        nulls.append(false)
    }

    mutating func append(_ value: [UInt8]) {
        strings.append(value)
        nulls.append(false)
    }

    mutating func appendNull() {
        switch type {
        case .bool: bools.append(false)
        case .int64, .timestamp: int64s.append(0)
        case .double: doubles.append(0)
        case .string, .bytes: strings.ends.append(strings.arena.count)
        }
        nulls.append(true)
        hasNulls = true
    }

    func finish() -> Column {
        let storage: Column.Storage =
            switch type {
            case .bool: .bool(bools)
            case .int64, .timestamp: .int64(int64s)
            case .double: .double(doubles)
            case .string, .bytes: .bytes(strings)
            }
        return Column(type: type, storage: storage, nulls: hasNulls ? nulls : nil)
    }
}
