internal import Bytes

final class CountAccumulator: StateAccumulator {
    private var counts: [Int64] = []

    var slotCount: Int { counts.count }

    func grow(to slots: Int) {
        counts.append(contentsOf: repeatElement(0, count: slots - counts.count))
    }

    func update(_ input: StateInput) {
        let nulls = input.x?.nulls
        counts.withUnsafeMutableBufferPointer { counts in
            for row in input.slots.indices {
                let slot = input.slots[row]
                if slot == StateInput.noSlot || nulls?[row] == true { continue }
                counts[Int(slot)] &+= 1
            }
        }
    }

    func encode(slot: Int, field number: Int, into writer: inout ByteWriter) {
        writer.append(field: number, int64: counts[slot])
    }

    func removeAll() {
        counts.removeAll(keepingCapacity: true)
    }
}
