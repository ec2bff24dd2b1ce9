internal import Bytes

/// MIN and MAX.
final class ExtremeAccumulator<Values: SlotValues>: StateAccumulator {
    private let keepsGreater: Bool
    private var values = Values()
    private var isPresent: [Bool] = []

    init(_ kind: MonoidKind) {
        keepsGreater = kind.keepsGreater
    }

    var slotCount: Int { isPresent.count }
    var looseByteCount: Int { values.looseByteCount }

    func grow(to slots: Int) {
        values.grow(to: slots)
        isPresent.append(contentsOf: repeatElement(false, count: slots - isPresent.count))
    }

    func update(_ input: StateInput) {
        guard let x = input.x else { preconditionFailure("an extreme needs its argument") }
        isPresent.withUnsafeMutableBufferPointer {
            values.keepExtremes(input.slots, x, present: $0, keepsGreater: keepsGreater)
        }
    }

    func encode(slot: Int, field number: Int, into writer: inout ByteWriter) {
        if isPresent[slot] { values.encode(slot: slot, field: number, into: &writer) }
    }

    func removeAll() {
        values.removeAll()
        isPresent.removeAll(keepingCapacity: true)
    }
}
