import BigInt
import Bytes
import Monoids
import Testing

/// Sums and variances against integers of any size and a rounding that shares no code with the module's.
@Suite struct ExactReferenceTests {
    private static let unit = 1074

    /// The value as a count of least doubles.
    private func units(_ value: Double) -> BigInt {
        guard value != 0 else { return 0 }
        let exponent = max(value.exponent, -1022)
        let significand = BigInt(Int64(Double(sign: .plus, exponent: 52 - Int(exponent), significand: value)))
        return significand << (Int(exponent) - 52 + Self.unit)
    }

    /// The nearest double to `integer` * 2^-`unit`, found by halving the interval between neighbours.
    private func nearest(_ integer: BigInt, unit: Int) -> Double {
        let magnitude = BigInt(integer.magnitude) << (2148 - unit)
        func exact(_ value: Double) -> BigInt { units(value) << 1074 }
        let limit = (BigInt(1) << 54 - 1) << (1023 - 53 + 2148)
        if magnitude >= limit { return integer < 0 ? -.infinity : .infinity }
        var (low, high) = (UInt64(0), Double.greatestFiniteMagnitude.bitPattern)
        while low < high {
            let middle = (low + high + 1) / 2
            if exact(Double(bitPattern: middle)) <= magnitude { low = middle } else { high = middle - 1 }
        }
        let below = Double(bitPattern: low)
        let above = Double(bitPattern: low + 1)
        var result = below
        if above.isFinite {
            let (down, up) = (magnitude - exact(below), exact(above) - magnitude)
            if up < down || (up == down && low & 1 == 1) { result = above }
        }
        return integer < 0 ? -result : result
    }

    private func expectAll(_ values: [Double]) throws {
        let rows = values.map { TestRow(x: .double($0)) }
        let slots = rows.map { _ in UInt32(0) }
        let types = TestTypes(x: .double)
        let states = [MonoidKind.sumOfSquares, .sumDouble, .count].map {
            accumulate($0, types, rows, slots: slots, slotCount: 1)[0]
        }
        let sum = values.reduce(BigInt(0)) { $0 + units($1) }
        let squares = values.reduce(BigInt(0)) { $0 + units($1) * units($1) }
        let n = values.count
        let rounded = nearest(sum, unit: 1074)
        let numerator = nearest(BigInt(n) * squares - sum * sum, unit: 2148)
        func expect(_ function: AggregateFunction, _ states: [EncodedState?], _ expected: Double?) throws {
            guard case .double(let value) = try function.present(states) else {
                #expect(expected == nil, "\(function) of \(values)")
                return
            }
            #expect(value.bitPattern == expected?.bitPattern, "\(function) of \(values)")
        }
        try expect(.sumDouble, [states[1]], rounded)
        try expect(.averageDouble, [states[1], states[2]], rounded / Double(n))
        try expect(.variancePopulation, states, numerator / Double(n * n))
        try expect(.deviationPopulation, states, (numerator / Double(n * n)).squareRoot())
        try expect(.varianceSample, states, n < 2 ? nil : numerator / Double(n * (n - 1)))
        try expect(.deviationSample, states, n < 2 ? nil : (numerator / Double(n * (n - 1))).squareRoot())
    }

    @Test func randomValuesOfAnySizePresentAsTheReferenceDoes() throws {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<40 {
            let count = Int.random(in: 1...12, using: &generator)
            try expectAll((0..<count).map { _ in Samples.finite(using: &generator) })
        }
    }

    @Test func nearlyCancellingValuesPresentAsTheReferenceDoes() throws {
        var generator = SeededGenerator(seed: 12)
        for exponent in [-1074, -1060, -1023, -540, -537, 0, 52, 480, 511, 970] {
            for _ in 0..<4 {
                let values = (0..<5).map { _ in
                    Double(
                        sign: Bool.random(using: &generator) ? .minus : .plus, exponent: exponent,
                        significand: Double(Int.random(in: 0...1 << 53, using: &generator)))
                }
                let finite = values.filter(\.isFinite)
                if finite.isEmpty { continue }
                try expectAll(finite + finite.dropFirst().map { -$0 } + [0x1p-1000])
            }
        }
    }

    @Test func tiesAndTheirNeighboursPresentAsTheReferenceDoes() throws {
        for base in [1, 1.0.nextUp, 0x1p1000, -0x1p1000, .leastNormalMagnitude, .greatestFiniteMagnitude] as [Double] {
            let half = base.ulp / 2
            for more in [0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude] as [Double] {
                try expectAll([base, half, more])
                try expectAll([base, -half, more])
            }
        }
    }
}
