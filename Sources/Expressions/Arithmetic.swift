import Records

/// Arithmetic over INT64 and DOUBLE. An INT64 result that does not fit and a division by zero are NULL; a DOUBLE
/// result beyond all finite ones is an infinity, as IEEE 754 has it.
enum Arithmetic {
    static func negate(_ operand: Vector) -> Vector {
        if operand.type == .double { return doubles(operand) { -$0 } }
        return int64s(operand) { Int64(0).subtractingReportingOverflow($0) }
    }

    static func apply(_ symbol: ArithmeticOperator, _ left: Vector, _ right: Vector) -> Vector {
        if left.isNullConstant || right.isNullConstant { return .null(symbol == .divide ? .double : left.type) }
        if left.type == .double {
            switch symbol {
            case .add: return doubles(left, right) { $0 + $1 }
            case .subtract: return doubles(left, right) { $0 - $1 }
            case .multiply: return doubles(left, right) { $0 * $1 }
            case .divide: return partialDoubles(left, right) { ($0 / $1, $1 == 0) }
            case .modulo: preconditionFailure("% takes INT64s")
            }
        }
        switch symbol {
        case .add: return int64s(left, right) { $0.addingReportingOverflow($1) }
        case .subtract: return int64s(left, right) { $0.subtractingReportingOverflow($1) }
        case .multiply: return int64s(left, right) { $0.multipliedReportingOverflow(by: $1) }
        // The remainder of the least INT64 by -1 is 0, though the quotient does not fit.
        case .modulo: return int64s(left, right) { $1 == 0 ? (0, true) : $1 == -1 ? (0, false) : ($0 % $1, false) }
        case .divide: preconditionFailure("/ takes DOUBLEs")
        }
    }

    // One value to one value.

    @inline(__always)
    static func int64s(_ operand: Vector, _ body: (Int64) -> (Int64, Bool)) -> Vector {
        var nulls = operand.column.nulls
        let values = mapPartial(operand.int64s, &nulls, body)
        return Vector(
            Column(type: operand.type, storage: .int64(values), nulls: nulls), isConstant: operand.isConstant)
    }

    @inline(__always)
    static func doubles(_ operand: Vector, _ body: (Double) -> Double) -> Vector {
        Vector(
            Column(type: .double, storage: .double(map(operand.doubles, body)), nulls: operand.column.nulls),
            isConstant: operand.isConstant)
    }

    @inline(__always)
    static func partialDoubles(_ operand: Vector, _ body: (Double) -> (Double, Bool)) -> Vector {
        var nulls = operand.column.nulls
        let values = mapPartial(operand.doubles, &nulls, body)
        return Vector(Column(type: .double, storage: .double(values), nulls: nulls), isConstant: operand.isConstant)
    }

    // Two values to one; no constant NULL comes here.

    @inline(__always)
    private static func int64s(_ left: Vector, _ right: Vector, _ body: (Int64, Int64) -> (Int64, Bool)) -> Vector {
        var nulls = Vector.nulls([left, right])
        let values = mapPartial(left.int64s, right.int64s, &nulls, body)
        return Vector(
            Column(type: left.type, storage: .int64(values), nulls: nulls),
            isConstant: left.isConstant && right.isConstant)
    }

    @inline(__always)
    private static func doubles(_ left: Vector, _ right: Vector, _ body: (Double, Double) -> Double) -> Vector {
        Vector(
            Column(
                type: .double, storage: .double(map(left.doubles, right.doubles, body)),
                nulls: Vector.nulls([left, right])),
            isConstant: left.isConstant && right.isConstant)
    }

    @inline(__always)
    static func partialDoubles(_ left: Vector, _ right: Vector, _ body: (Double, Double) -> (Double, Bool)) -> Vector {
        var nulls = Vector.nulls([left, right])
        let values = mapPartial(left.doubles, right.doubles, &nulls, body)
        return Vector(
            Column(type: .double, storage: .double(values), nulls: nulls),
            isConstant: left.isConstant && right.isConstant)
    }
}
