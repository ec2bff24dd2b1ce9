/// Variances from exact sums.
enum Variance {
    /// n * sum(x^2) - sum(x)^2, rounded once. The sums are finite.
    ///
    /// Both terms count the unit of squares, so this is integer arithmetic; `square` and `numerator` begin at the lower
    /// place of the two.
    static func numerator(count n: UInt64, squares: ExactSumState, sum: ExactSumState) -> Double {
        let squarePlace = 2 * sum.place
        let place =
            sum.significand.isEmpty
            ? squares.place : squares.significand.isEmpty ? squarePlace : min(squares.place, squarePlace)
        let rootLimbs = sum.significand.count / 8 + 1
        let end = max(squares.place + squares.significand.count + 8, squarePlace + rootLimbs * 16)
        let limbCount = (end - place) / 8 + 2
        return withLimbs(limbCount) { numerator in
            numerator.load(squares.significand, place: squares.significand.isEmpty ? 0 : squares.place - place)
            numerator.multiply(by: n)
            subtractSquare(of: sum, rootLimbs, place: squarePlace - place, from: numerator)
            return numerator.rounded(exponent: FixedPoint.squares.unitExponent + 8 * place)
        }
    }

    private static func subtractSquare(of sum: ExactSumState, _ rootLimbs: Int, place: Int, from numerator: Limbs) {
        guard !sum.significand.isEmpty else { return }
        withLimbs(rootLimbs * 3) { limbs in
            let root = Limbs(rebasing: limbs[..<rootLimbs])
            let square = Limbs(rebasing: limbs[rootLimbs...])
            root.load(sum.significand, place: 0)
            if root.isNegative { root.negate() }
            square.setSquare(of: root)
            withLimbs(numerator.count) { aligned in
                aligned.load(square.rawBytes, place: place)
                numerator.subtract(aligned)
            }
        }
    }

    /// n * m as the nearest double.
    static func product(_ n: UInt64, _ m: UInt64) -> Double {
        let (high, low) = n.multipliedFullWidth(by: m)
        return withLimbs(3) { limbs in
            limbs[0] = low
            limbs[1] = high
            return limbs.rounded(exponent: 0)
        }
    }
}
