package import Bytes

// Nothing else here links the C library's square root, which rounds as IEEE 754 demands.
#if canImport(Glibc)
    internal import Glibc
#endif

extension AggregateFunction {
    /// What a reader sees of the states, which come in the order of `states`; nil is an absent state. A result of nil is
    /// NULL. Throws where a payload is not a state of its monoid.
    package func present(_ states: [ProtobufField?]) throws(BytesError) -> Scalar? {
        precondition(states.count == self.states.count, "\(rawValue) presents \(self.states.count) states")
        return try present(states[0], states.count > 1 ? states[1] : nil, states.count > 2 ? states[2] : nil)
    }

    /// The same without an array; an aggregate of fewer states ignores the rest.
    package func present(
        _ first: ProtobufField?, _ second: ProtobufField? = nil, _ third: ProtobufField? = nil
    ) throws(BytesError) -> Scalar? {
        guard let first else { return nil }
        switch self {
        case .count: return .int64(try count(first))
        case .sumInt64: return .int64(Int64(clamping: try sumInt64(first)))
        case .sumDouble: return .double(try exactSum(first, .sums).rounded(.sums))
        case .averageInt64:
            guard let n = try second.map(count), n > 0 else { return nil }
            return .double(rounded(try sumInt64(first)) / Double(n))
        case .averageDouble:
            guard let n = try second.map(count), n > 0 else { return nil }
            return .double(try exactSum(first, .sums).rounded(.sums) / Double(n))
        case .variancePopulation, .varianceSample, .deviationPopulation, .deviationSample:
            guard let second, let third else { return nil }
            return try spread(
                squares: exactSum(first, .squares), sum: exactSum(second, .sums), count: count(third))
        case .minimum, .maximum:
            guard let value = StateValue(first) else { throw undecodable }
            return value.scalar
        case .first, .last, .minimumBy, .maximumBy:
            guard let state = states[0].rankedState(first) else { throw undecodable }
            return state.value.scalar
        }
    }

    private func spread(squares: ExactSumState, sum: ExactSumState, count: Int64) -> Scalar? {
        let isSample = self == .varianceSample || self == .deviationSample
        guard count >= (isSample ? 2 : 1) else { return nil }
        guard squares.specials == SpecialCounts(), sum.specials == SpecialCounts() else { return .double(.nan) }
        let n = UInt64(count)
        let variance =
            Variance.numerator(count: n, squares: squares, sum: sum) / Variance.product(n, isSample ? n - 1 : n)
        let isDeviation = self == .deviationPopulation || self == .deviationSample
        return .double(isDeviation ? variance.squareRoot() : variance)
    }

    private func count(_ field: ProtobufField) throws(BytesError) -> Int64 {
        guard field.wireType == .varint else { throw undecodable }
        return field.int64
    }

    private func sumInt64(_ field: ProtobufField) throws(BytesError) -> Int128 {
        guard let sum = SumInt64State.decode(field) else { throw undecodable }
        return sum
    }

    private func exactSum(_ field: ProtobufField, _ format: FixedPoint) throws(BytesError) -> ExactSumState {
        guard let state = ExactSumState(field, format) else { throw undecodable }
        return state
    }

    /// The nearest double, ties to even.
    private func rounded(_ sum: Int128) -> Double {
        withLimbs(2) { limbs in
            limbs[0] = UInt64(truncatingIfNeeded: sum)
            limbs[1] = UInt64(truncatingIfNeeded: sum >> 64)
            return limbs.rounded(exponent: 0)
        }
    }

    private var undecodable: BytesError { BytesError(.malformed, "\(rawValue) cannot read one of its states") }
}
