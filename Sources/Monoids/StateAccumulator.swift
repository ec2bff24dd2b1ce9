package import Bytes

/// The partial states that one state field has for many groups, before they become merge operands.
///
/// A slot is a dense number that the caller's map gives a group. A batch is one call. What comes out for a slot is, byte
/// for byte, what combining its rows' states one by one would give.
package protocol StateAccumulator: AnyObject {
    var slotCount: Int { get }
    /// Makes room for `slots` slots in all; the new ones hold the identity.
    func grow(to slots: Int)
    func update(_ input: StateInput)
    /// Appends the slot's state as a field; nothing where it is absent. A count is never absent, so that a group whose
    /// arguments were all NULL presents 0.
    func encode(slot: Int, field number: Int, into writer: inout ByteWriter)
    /// What its states take besides a few words for each slot.
    var looseByteCount: Int { get }
    /// Back to no slots; keeps memory for the next checkpoint.
    func removeAll()
}

extension StateAccumulator {
    package var looseByteCount: Int { 0 }
}

/// `types` are those of the aggregate's arguments, in SQL's order: x, then y for MIN_BY and MAX_BY. Counts and sums
/// ignore them.
package func makeAccumulator(_ kind: MonoidKind, types: [StateType]) -> any StateAccumulator {
    switch kind {
    case .count: CountAccumulator()
    case .sumInt64: SumInt64Accumulator()
    case .sumDouble: ExactSumAccumulator(squares: false)
    case .sumOfSquares: ExactSumAccumulator(squares: true)
    case .minimum, .maximum: makeExtreme(kind, types[0])
    case .first, .last: makeRanked(kind, Int64Slots.self, types[0])
    case .minimumBy, .maximumBy:
        switch types[1] {
        case .bool: makeRanked(kind, BoolSlots.self, types[0])
        case .int64: makeRanked(kind, Int64Slots.self, types[0])
        case .double: makeRanked(kind, DoubleSlots.self, types[0])
        case .bytes: makeRanked(kind, BytesSlots.self, types[0])
        }
    }
}

private func makeExtreme(_ kind: MonoidKind, _ type: StateType) -> any StateAccumulator {
    switch type {
    case .bool: ExtremeAccumulator<BoolSlots>(kind)
    case .int64: ExtremeAccumulator<Int64Slots>(kind)
    case .double: ExtremeAccumulator<DoubleSlots>(kind)
    case .bytes: ExtremeAccumulator<BytesSlots>(kind)
    }
}

private func makeRanked<Ranks: SlotValues>(
    _ kind: MonoidKind, _ ranks: Ranks.Type, _ type: StateType
) -> any StateAccumulator {
    switch type {
    case .bool: RankedAccumulator<Ranks, BoolSlots>(kind)
    case .int64: RankedAccumulator<Ranks, Int64Slots>(kind)
    case .double: RankedAccumulator<Ranks, DoubleSlots>(kind)
    case .bytes: RankedAccumulator<Ranks, BytesSlots>(kind)
    }
}
