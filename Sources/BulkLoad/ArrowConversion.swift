internal import CArrow
internal import Records

/// Turns the arrays of one of a file's columns into columns of a table's type. Values are copied in bulk where both have
/// them alike.
///
/// Arrow has checked that buffers are as long as the array's length asks; what stands in them comes from the file.
struct ArrowConversion {
    /// A row of the array that has no place in the table.
    struct Misfit: Error {
        var row: Int
        var reason: String
    }

    let type: ArrowType
    let column: InputColumn

    /// `type` fits the column.
    init(from type: ArrowType, to column: InputColumn) {
        self.type = type
        self.column = column
    }

    func column(of array: ArrowArray) throws(Misfit) -> Column {
        if array.length == 0 { return Column(type: column.type, values: []) }
        let cells = ArrowCells(array)
        switch type {
        case .null:
            return Column(type: column.type, repeating: .null, count: cells.count)
        case .dictionary(let bits, let isSigned, let values):
            return try dictionary(cells, bits: bits, isSigned: isSigned, values: values)
        case .bool:
            return made(.bool(cells.bits(1)), cells)
        case .integer, .half, .float, .double, .decimal:
            return made(try numbers(cells), cells)
        case .date32, .date64, .timestamp:
            return made(.int64(try times(cells)), cells)
        case .text, .binary, .fixedBinary:
            return try bytes(cells)
        case .other:
            throw Misfit(row: 0, reason: "it has a type that no table has")
        }
    }

    func made(_ storage: Column.Storage, _ cells: ArrowCells) -> Column {
        Column(type: column.type, storage: storage, nulls: cells.nulls)
    }

    private func dictionary(
        _ cells: ArrowCells, bits: Int, isSigned: Bool, values: ArrowType
    ) throws(Misfit) -> Column {
        guard let dictionary = cells.array.dictionary else {
            throw Misfit(row: 0, reason: "its values are missing")
        }
        let all: Column
        do throws(Misfit) {
            all = try ArrowConversion(from: values, to: column).column(of: dictionary.pointee)
        } catch {
            throw Misfit(row: 0, reason: "\(error.reason) (in the list of the column's values)")
        }
        let places = integers(cells, bits: bits, isSigned: isSigned)
        var rows: [Int?] = []
        rows.reserveCapacity(cells.count)
        for (row, place) in places.enumerated() {
            if cells.nulls?[row] == true {
                rows.append(nil)
                continue
            }
            guard place >= 0, place < Int64(all.count) else {
                throw Misfit(row: row, reason: "value \(place) of \(all.count) is meant")
            }
            rows.append(Int(place))
        }
        return all.gather(optional: rows)
    }
}

/// The buffers of an array that is not empty, from its first row on.
struct ArrowCells {
    let array: ArrowArray
    let count: Int
    /// Where the array begins in its buffers.
    let offset: Int
    /// nil where no row is NULL.
    let nulls: [Bool]?

    init(_ array: ArrowArray) {
        self.array = array
        count = Int(array.length)
        offset = Int(array.offset)
        let hasNulls = array.null_count != 0 && array.n_buffers > 0 && array.buffers?[0] != nil
        let isValid = hasNulls ? Self.bits(array.buffers?[0], offset: Int(array.offset), count: Int(array.length)) : nil
        nulls = isValid.flatMap { valid in valid.contains(false) ? valid.map { !$0 } : nil }
    }

    func buffer(_ index: Int) -> UnsafeRawPointer? {
        index < Int(array.n_buffers) ? array.buffers?[index] : nil
    }

    /// The values of a buffer of fixed width; zeros where Arrow left the buffer out, as it does where every row is NULL.
    func values<Value: BitwiseCopyable & ExpressibleByIntegerLiteral>(_: Value.Type, buffer index: Int = 1) -> [Value] {
        guard let start = buffer(index) else { return [Value](repeating: 0, count: count) }
        return [Value](unsafeUninitializedCapacity: count) { values, initialized in
            UnsafeMutableRawBufferPointer(values).copyMemory(
                from: UnsafeRawBufferPointer(
                    start: start + offset * MemoryLayout<Value>.stride, count: count * MemoryLayout<Value>.stride))
            initialized = count
        }
    }

    func bits(_ index: Int) -> [Bool] { Self.bits(buffer(index), offset: offset, count: count) }

    private static func bits(_ start: UnsafeRawPointer?, offset: Int, count: Int) -> [Bool] {
        guard let start else { return [Bool](repeating: false, count: count) }
        let bytes = start.assumingMemoryBound(to: UInt8.self)
        return [Bool](unsafeUninitializedCapacity: count) { bits, initialized in
            for row in 0..<count {
                let place = offset + row
                bits.initializeElement(at: row, to: bytes[place >> 3] & (1 << UInt8(place & 7)) != 0)
            }
            initialized = count
        }
    }
}
