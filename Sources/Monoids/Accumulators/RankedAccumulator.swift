internal import Bytes

/// FIRST, LAST, MIN_BY and MAX_BY: the least or the greatest pair of rank and value. A row with a NULL in either is
/// passed over.
final class RankedAccumulator<Ranks: SlotValues, Values: SlotValues>: StateAccumulator {
    private let keepsGreater: Bool
    private let ranksByTime: Bool
    private var ranks = Ranks()
    private var values = Values()
    private var isPresent: [Bool] = []

    init(_ kind: MonoidKind) {
        keepsGreater = kind.keepsGreater
        ranksByTime = kind == .first || kind == .last
    }

    var slotCount: Int { isPresent.count }
    var looseByteCount: Int { ranks.looseByteCount + values.looseByteCount }

    func grow(to slots: Int) {
        ranks.grow(to: slots)
        values.grow(to: slots)
        isPresent.append(contentsOf: repeatElement(false, count: slots - isPresent.count))
    }

    func update(_ input: StateInput) {
        let rank = ranksByTime ? input.eventTimes.map { VectorView.int64($0, nulls: nil) } : input.y
        guard let rank, let x = input.x else { preconditionFailure("a ranked value needs its rank") }
        isPresent.withUnsafeMutableBufferPointer { isPresent in
            Self.update(&ranks, &values, isPresent, input.slots, rank: rank, x, keepsGreater: keepsGreater)
        }
    }

    /// Has ranks and values to itself: as properties of an object they would be guarded anew at every row.
    private static func update(
        _ ranks: inout Ranks, _ values: inout Values, _ isPresent: UnsafeMutableBufferPointer<Bool>,
        _ slots: UnsafeBufferPointer<UInt32>, rank: VectorView, _ x: VectorView, keepsGreater: Bool
    ) {
        let (rankSource, valueSource) = (Ranks.source(rank), Values.source(x))
        let (rankNulls, valueNulls) = (rank.nulls, x.nulls)
        for row in slots.indices {
            let slot = slots[row]
            if slot == StateInput.noSlot || rankNulls?[row] == true || valueNulls?[row] == true { continue }
            if isPresent[Int(slot)] {
                var order = ranks.order(rankSource, row: row, slot: Int(slot))
                if order == 0 { order = values.order(valueSource, row: row, slot: Int(slot)) }
                guard keepsGreater ? order > 0 : order < 0 else { continue }
            }
            isPresent[Int(slot)] = true
            ranks.set(slot: Int(slot), rankSource, row: row)
            values.set(slot: Int(slot), valueSource, row: row)
        }
    }

    func encode(slot: Int, field number: Int, into writer: inout ByteWriter) {
        guard isPresent[slot] else { return }
        writer.append(field: number) { message in
            ranks.encode(slot: slot, field: 1, into: &message)
            values.encode(slot: slot, field: 2, into: &message)
        }
    }

    func removeAll() {
        ranks.removeAll()
        values.removeAll()
        isPresent.removeAll(keepingCapacity: true)
    }
}
