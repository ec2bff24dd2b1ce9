import Records

/// Three-valued logic: NULL is what is not known, so NULL AND FALSE is FALSE, and NULL OR TRUE is TRUE.
enum Logic {
    static func not(_ operand: Vector) -> Vector {
        Vector(
            Column(type: .bool, storage: .bool(map(operand.bools) { !$0 }), nulls: operand.column.nulls),
            isConstant: operand.isConstant)
    }

    static func isNull(_ operand: Vector) -> Vector {
        let nulls = operand.column.nulls ?? [Bool](repeating: false, count: operand.column.count)
        return Vector(Column(type: .bool, storage: .bool(nulls)), isConstant: operand.isConstant)
    }

    static func and(_ left: Vector, _ right: Vector) -> Vector { join(left, right, decidedBy: false) }
    static func or(_ left: Vector, _ right: Vector) -> Vector { join(left, right, decidedBy: true) }

    /// AND where FALSE decides, OR where TRUE does: an operand that decides settles it whatever the other is; else one
    /// that is not known leaves it unknown.
    private static func join(_ left: Vector, _ right: Vector, decidedBy decisive: Bool) -> Vector {
        let isConstant = left.isConstant && right.isConstant
        if left.column.nulls == nil, right.column.nulls == nil {
            let values = map(left.bools, right.bools) { ($0 == decisive || $1 == decisive) == decisive }
            return Vector(Column(type: .bool, storage: .bool(values)), isConstant: isConstant)
        }
        var nulls: [Bool]?
        let values = mapPartial(truths(left), truths(right), &nulls) { x, y in
            let isDecided = x == Truth(decisive) || y == Truth(decisive)
            return (isDecided == decisive, !isDecided && (x == .unknown || y == .unknown))
        }
        return Vector(Column(type: .bool, storage: .bool(values), nulls: nulls), isConstant: isConstant)
    }

    private enum Truth: UInt8 {
        case no
        case yes
        case unknown

        init(_ value: Bool) { self = value ? .yes : .no }
    }

    private static func truths(_ vector: Vector) -> Lane<Truth> {
        guard let nulls = vector.column.nulls else {
            return Lane(map(vector.bools) { Truth($0) }, isConstant: vector.isConstant)
        }
        let known = Lane(vector.bools.values)
        return Lane(map(known, Lane(nulls)) { $1 ? .unknown : Truth($0) }, isConstant: vector.isConstant)
    }
}
