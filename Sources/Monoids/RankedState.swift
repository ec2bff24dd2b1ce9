internal import Bytes

/// A value and what it is ranked by: {1: event time, 2: value} of FIRST and LAST, {1: y, 2: x} of MIN_BY and MAX_BY.
///
/// All four are the least or the greatest pair, by rank and then by value, and so have the laws of MIN and MAX.
struct RankedState {
    let rank: ProtobufField
    let value: ProtobufField
    let message: UnsafeRawBufferPointer

    /// nil where the payload is no such state, or not in its one form.
    init?(_ field: ProtobufField) {
        guard field.wireType == .lengthDelimited else { return nil }
        var reader = ProtobufReader(field.bytes)
        guard let rank = try? reader.next(), rank.number == 1, rank.isStateValue,
            let value = try? reader.next(), value.number == 2, value.isStateValue,
            field.bytes.count == rank.canonicalLength + value.canonicalLength
        else { return nil }
        self.rank = rank
        self.value = value
        message = field.bytes
    }

    /// nil where the two cannot stand in one field.
    func tupleOrder(_ other: RankedState) -> Int? {
        guard rank.wireType == other.rank.wireType, value.wireType == other.value.wireType else { return nil }
        let order = rank.tupleOrder(other.rank)
        return order == 0 ? value.tupleOrder(other.value) : order
    }
}
