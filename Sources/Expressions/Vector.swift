import Records

// Every node of an expression becomes one loop over plain arrays. A literal stays one value instead of a filled array,
// so a constant costs nothing per row, and what is computed from constants alone is computed once.

/// A column, or one value that every row has.
struct Vector {
    /// Of length 1 where `isConstant`.
    var column: Column
    var isConstant: Bool

    init(_ column: Column, isConstant: Bool = false) {
        self.column = column
        self.isConstant = isConstant
    }

    init(constant value: Value, _ type: ValueType) {
        self.init(Column(type: type, values: [value]), isConstant: true)
    }

    static func null(_ type: ValueType) -> Vector { Vector(constant: .null, type) }

    var type: ValueType { column.type }
    var isNullConstant: Bool { isConstant && column.nulls?[0] == true }

    func retyped(_ type: ValueType) -> Vector {
        var result = self
        result.column.type = type
        return result
    }

    /// The column, a constant repeated for every row.
    func column(rows: Int) -> Column {
        guard isConstant else { return column }
        let storage: Column.Storage
        switch column.storage {
        case .bool(let values): storage = .bool([Bool](repeating: values[0], count: rows))
        case .int64(let values): storage = .int64([Int64](repeating: values[0], count: rows))
        case .double(let values): storage = .double([Double](repeating: values[0], count: rows))
        case .bytes(let values):
            var repeated = ByteStrings()
            repeated.arena.reserveCapacity(values.arena.count * rows)
            repeated.ends.reserveCapacity(rows)
            for _ in 0..<rows { repeated.append(values.arena) }
            storage = .bytes(repeated)
        }
        let isNull = column.nulls?[0] == true && rows > 0
        return Column(type: type, storage: storage, nulls: isNull ? [Bool](repeating: true, count: rows) : nil)
    }

    /// How many rows a result over `vectors` has, and whether it is a constant itself.
    static func extent(_ vectors: [Vector]) -> (rows: Int, isConstant: Bool) {
        for vector in vectors where !vector.isConstant { return (vector.column.count, false) }
        return (1, true)
    }

    /// Where any of `vectors` is NULL; nil for nowhere. A constant NULL counts only among constants: whoever passes NULLs
    /// on has answered before a constant one meets a column.
    static func nulls(_ vectors: [Vector]) -> [Bool]? {
        let isConstant = extent(vectors).isConstant
        var union: [Bool]?
        for vector in vectors where vector.isConstant == isConstant {
            guard let nulls = vector.column.nulls else { continue }
            guard let before = union else {
                union = nulls
                continue
            }
            union = map(Lane(before), Lane(nulls)) { $0 || $1 }
        }
        return union
    }
}

/// The values of a vector. What stands at a NULL's index means nothing, but can be computed with.
struct Lane<Element> {
    let values: [Element]
    let isConstant: Bool

    init(_ values: [Element], isConstant: Bool = false) {
        self.values = values
        self.isConstant = isConstant
    }
}

extension Vector {
    var bools: Lane<Bool> {
        guard case .bool(let values) = column.storage else { preconditionFailure("a BOOL is expected, not \(type)") }
        return Lane(values, isConstant: isConstant)
    }

    var int64s: Lane<Int64> {
        guard case .int64(let values) = column.storage else { preconditionFailure("an INT64 is expected, not \(type)") }
        return Lane(values, isConstant: isConstant)
    }

    var doubles: Lane<Double> {
        guard case .double(let values) = column.storage else {
            preconditionFailure("a DOUBLE is expected, not \(type)")
        }
        return Lane(values, isConstant: isConstant)
    }

    var strings: ByteStrings {
        guard case .bytes(let values) = column.storage else { preconditionFailure("a STRING is expected, not \(type)") }
        return values
    }
}
