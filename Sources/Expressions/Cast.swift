package import Records

/// Changes of type. What the other type cannot hold is NULL.
///
/// | from | to | |
/// |---|---|---|
/// | INT64 | DOUBLE | the nearest |
/// | DOUBLE | INT64 | cut off towards zero; NULL beyond INT64's range and for NaN |
/// | BOOL | INT64 | 0 and 1 |
/// | INT64 | BOOL | everything but 0 is true |
/// | TIMESTAMP | INT64 | microseconds since 1970, and back |
/// | STRING | BYTES | UTF-8; back, what is not UTF-8 is NULL |
/// | anything else | STRING | as a row's JSON has it, but without quotes |
/// | STRING | anything else | where the whole text is one, as the field of a delimited record is read |
package enum Cast {
    package static func exists(from: ValueType, to: ValueType) -> Bool {
        if from == to { return true }
        switch (from, to) {
        case (.int64, .double), (.double, .int64), (.bool, .int64), (.int64, .bool), (.int64, .timestamp),
            (.timestamp, .int64), (.string, _):
            return true
        case (_, .string): return true
        default: return false
        }
    }

    static func apply(_ operand: Vector, to type: ValueType) -> Vector {
        if operand.type == type { return operand }
        if operand.isNullConstant { return .null(type) }
        var nulls = operand.column.nulls
        let storage: Column.Storage
        switch (operand.type, type) {
        case (.int64, .timestamp), (.timestamp, .int64), (.string, .bytes): return operand.retyped(type)
        case (.int64, .double): storage = .double(map(operand.int64s) { Double($0) })
        case (.int64, .bool): storage = .bool(map(operand.int64s) { $0 != 0 })
        case (.bool, .int64): storage = .int64(map(operand.bools) { $0 ? 1 : 0 })
        case (.double, .int64): storage = .int64(mapPartial(operand.doubles, &nulls) { truncated($0) })
        case (.string, _): return parse(operand, as: type)
        case (_, .string): return format(operand)
        default: preconditionFailure("\(operand.type) is not cast to \(type)")
        }
        return Vector(Column(type: type, storage: storage, nulls: nulls), isConstant: operand.isConstant)
    }

    /// Both bounds are exact as DOUBLEs: -2^63 fits, 2^63 does not.
    @inline(__always)
    private static func truncated(_ value: Double) -> (Int64, Bool) {
        guard value >= -0x1p63, value < 0x1p63 else { return (0, true) }
        return (Int64(value), false)
    }
}
