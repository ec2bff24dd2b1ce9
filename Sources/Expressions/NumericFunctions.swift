import Records

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// The functions over INT64 and DOUBLE. No argument is a constant NULL here: `ScalarFunction.apply` has answered then.
enum NumericFunctions {
    static func abs(_ operand: Vector) -> Vector {
        if operand.type == .double { return Arithmetic.doubles(operand) { $0.magnitude } }
        return Arithmetic.int64s(operand) { $0 < 0 ? Int64(0).subtractingReportingOverflow($0) : ($0, false) }
    }

    /// -1, 0 or 1; NaN for NaN.
    static func sign(_ operand: Vector) -> Vector {
        if operand.type == .double { return Arithmetic.doubles(operand) { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 } }
        return Arithmetic.int64s(operand) { ($0.signum(), false) }
    }

    static func rounded(_ operand: Vector, _ rule: FloatingPointRoundingRule) -> Vector {
        guard operand.type == .double else { return operand }
        switch rule {
        case .down: return Arithmetic.doubles(operand) { $0.rounded(.down) }
        case .up: return Arithmetic.doubles(operand) { $0.rounded(.up) }
        default: return Arithmetic.doubles(operand) { $0.rounded(.toNearestOrAwayFromZero) }
        }
    }

    static func rounded(_ operand: Vector, decimals: Vector) -> Vector {
        var nulls = Vector.nulls([operand, decimals])
        let values = mapPartial(operand.doubles, decimals.int64s, &nulls) { (round($0, $1), false) }
        return Vector(
            Column(type: .double, storage: .double(values), nulls: nulls),
            isConstant: operand.isConstant && decimals.isConstant)
    }

    static func squareRoot(_ operand: Vector) -> Vector {
        Arithmetic.partialDoubles(operand) { ($0.squareRoot(), $0 < 0) }
    }

    static func power(_ base: Vector, _ exponent: Vector) -> Vector {
        Arithmetic.partialDoubles(base, exponent) { base, exponent in
            let result = pow(base, exponent)
            let hasPole = base == 0 && exponent < 0
            return (result, hasPole || result.isNaN && !base.isNaN && !exponent.isNaN)
        }
    }

    static func exponential(_ operand: Vector) -> Vector { Arithmetic.doubles(operand) { exp($0) } }

    static func naturalLogarithm(_ operand: Vector) -> Vector {
        Arithmetic.partialDoubles(operand) { (log($0), $0 <= 0) }
    }

    static func decimalLogarithm(_ operand: Vector) -> Vector {
        Arithmetic.partialDoubles(operand) { (log10($0), $0 <= 0) }
    }

    /// Scales by a power of ten, rounds, and scales back. A DOUBLE of 2^52 and more has no fraction left to round.
    private static func round(_ value: Double, _ decimals: Int64) -> Double {
        guard decimals > -309 else { return value.isFinite ? 0 : value }
        guard decimals < 309, value.isFinite else { return value }
        if decimals < 0 {
            let unit = pow(10, Double(-decimals))
            return (value / unit).rounded(.toNearestOrAwayFromZero) * unit
        }
        let unit = pow(10, Double(decimals))
        let scaled = value * unit
        guard scaled.magnitude < 4_503_599_627_370_496 else { return value }
        return scaled.rounded(.toNearestOrAwayFromZero) / unit
    }
}
