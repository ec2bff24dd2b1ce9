internal import Bytes

/// A value and what it is ranked by: {1: event time, 2: value} of FIRST and LAST, {1: y, 2: x} of MIN_BY and MAX_BY.
///
/// All four are the least or the greatest pair, by rank and then by value, and so have the laws of MIN and MAX.
struct RankedState {
    let rank: StateValue
    let value: StateValue
    let message: UnsafeRawBufferPointer

    /// nil where the payload is no such state, or not in its one form.
    init?(_ field: ProtobufField) {
        guard case .lengthDelimited = field.wireType else { return nil }
        message = field.bytes
        var reader = ProtobufReader(message)
        guard let (rank, rankLength) = RankedState.part(1, &reader),
            let (value, valueLength) = RankedState.part(2, &reader), rankLength + valueLength == message.count
        else { return nil }
        self.rank = rank
        self.value = value
    }

    @inline(__always)
    private static func part(_ number: Int, _ reader: inout ProtobufReader) -> (StateValue, length: Int)? {
        guard let field = try? reader.next(), field.number == number, let value = StateValue(field) else { return nil }
        return (value, field.shortestLength)
    }

    /// nil where the two cannot stand in one field.
    func tupleOrder(_ other: RankedState) -> Int? {
        guard let rankOrder = rank.tupleOrder(other.rank), let valueOrder = value.tupleOrder(other.value) else {
            return nil
        }
        return rankOrder == 0 ? valueOrder : rankOrder
    }
}
