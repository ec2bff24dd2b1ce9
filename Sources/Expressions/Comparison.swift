import Records

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Comparisons, in the order that keys have: see `ComparisonOperator`.
enum Comparison {
    static func apply(_ symbol: ComparisonOperator, _ left: Vector, _ right: Vector) -> Vector {
        if left.isNullConstant || right.isNullConstant { return .null(.bool) }
        let values: [Bool]
        switch (left.column.storage, right.column.storage) {
        case (.bool, .bool):
            values = compare(symbol, left.bools, right.bools) {
                rank($0)
            } _: {
                rank($0)
            }
        case (.int64, .int64):
            values = compare(symbol, left.int64s, right.int64s) {
                $0
            } _: {
                $0
            }
        case (.double, .double):
            values = compare(symbol, left.doubles, right.doubles) {
                rank($0)
            } _: {
                rank($0)
            }
        case (.bytes, .bytes):
            let orders = Lane(mapTexts(left, right) { order($0, $1) })
            values = compare(symbol, orders, Lane([0], isConstant: true)) {
                $0
            } _: {
                $0
            }
        default: preconditionFailure("\(left.type) is not compared with \(right.type)")
        }
        return Vector(
            Column(type: .bool, storage: .bool(values), nulls: Vector.nulls([left, right])),
            isConstant: left.isConstant && right.isConstant)
    }

    @inline(__always)
    private static func compare<T>(
        _ symbol: ComparisonOperator, _ a: Lane<T>, _ b: Lane<T>, _ x: (T) -> Int64, _ y: (T) -> Int64
    ) -> [Bool] {
        switch symbol {
        case .equal: map(a, b) { x($0) == y($1) }
        case .notEqual: map(a, b) { x($0) != y($1) }
        case .less: map(a, b) { x($0) < y($1) }
        case .lessOrEqual: map(a, b) { x($0) <= y($1) }
        case .greater: map(a, b) { x($0) > y($1) }
        case .greaterOrEqual: map(a, b) { x($0) >= y($1) }
        }
    }

    @inline(__always)
    private static func rank(_ value: Bool) -> Int64 { value ? 1 : 0 }

    /// An integer that is ordered as the doubles are: both zeros are equal, and all NaNs are, and greatest.
    @inline(__always)
    private static func rank(_ value: Double) -> Int64 {
        if value.isNaN { return .max }
        let bits = Int64(bitPattern: (value + 0.0).bitPattern)
        return bits < 0 ? .min &- bits : bits
    }

    /// Less than, equal to or greater than 0, byte by byte.
    @inline(__always)
    static func order(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int64 {
        let shared = min(a.count, b.count)
        if shared > 0, let a = a.baseAddress, let b = b.baseAddress {
            let order = memcmp(a, b, shared)
            if order != 0 { return Int64(order) }
        }
        return Int64(a.count - b.count)
    }
}
