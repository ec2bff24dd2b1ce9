package import Bytes

extension MonoidKind {
    /// Appends the combination of two states as field `number`. False, and nothing is written, where one of them is not
    /// a state of this monoid. Never traps, whatever the bytes.
    ///
    /// An absent field is the identity: whoever has one state only keeps it as it is.
    package func combine(
        _ a: ProtobufField, _ b: ProtobufField, field number: Int, into writer: inout ByteWriter
    ) -> Bool {
        switch self {
        case .count:
            guard case (.varint, .varint) = (a.wireType, b.wireType) else { return false }
            writer.append(field: number, int64: a.int64 &+ b.int64)
            return true
        case .sumInt64:
            guard let x = SumInt64State.decode(a), let y = SumInt64State.decode(b) else { return false }
            SumInt64State.append(x &+ y, field: number, into: &writer)
            return true
        case .sumDouble: return combineSums(a, b, .sums, number, &writer)
        case .sumOfSquares: return combineSums(a, b, .squares, number, &writer)
        case .minimum, .maximum:
            guard let x = StateValue(a), let y = StateValue(b), let order = x.tupleOrder(y) else { return false }
            writer.append(field: number, value: prefersFirst(order) ? x : y)
            return true
        case .first, .last, .minimumBy, .maximumBy:
            guard let x = rankedState(a), let y = rankedState(b), let order = x.tupleOrder(y) else { return false }
            writer.append(field: number, bytes: prefersFirst(order) ? x.message : y.message)
            return true
        }
    }

    /// Whether the field's payload is a state of this monoid.
    package func validates(_ field: ProtobufField) -> Bool {
        switch self {
        case .count: field.wireType == .varint
        case .sumInt64: SumInt64State.decode(field) != nil
        case .sumDouble: ExactSumState(field, .sums) != nil
        case .sumOfSquares: ExactSumState(field, .squares) != nil
        case .minimum, .maximum: StateValue(field) != nil
        case .first, .last, .minimumBy, .maximumBy: rankedState(field) != nil
        }
    }

    /// Whether the monoid keeps the greater of two states rather than the smaller one.
    var keepsGreater: Bool {
        switch self {
        case .maximum, .last, .maximumBy: true
        default: false
        }
    }

    func rankedState(_ field: ProtobufField) -> RankedState? {
        guard let state = RankedState(field) else { return nil }
        switch (self, state.rank.wireType) {
        case (.first, .varint), (.last, .varint), (.minimumBy, _), (.maximumBy, _): return state
        default: return nil
        }
    }

    private func prefersFirst(_ order: Int) -> Bool {
        keepsGreater ? order >= 0 : order <= 0
    }

    private func combineSums(
        _ a: ProtobufField, _ b: ProtobufField, _ format: FixedPoint, _ number: Int, _ writer: inout ByteWriter
    ) -> Bool {
        guard let x = ExactSumState(a, format), let y = ExactSumState(b, format) else { return false }
        ExactSumState.combine(x, y, format, field: number, into: &writer)
        return true
    }
}
