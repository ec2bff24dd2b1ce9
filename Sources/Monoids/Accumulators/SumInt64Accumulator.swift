internal import Bytes

final class SumInt64Accumulator: StateAccumulator {
    private var sums: [Int128] = []
    private var isPresent: [Bool] = []

    var slotCount: Int { sums.count }

    func grow(to slots: Int) {
        sums.append(contentsOf: repeatElement(0, count: slots - sums.count))
        isPresent.append(contentsOf: repeatElement(false, count: slots - isPresent.count))
    }

    func update(_ input: StateInput) {
        guard case .int64(let values, let nulls) = input.x else { preconditionFailure("SUM_INT64 takes INT64") }
        sums.withUnsafeMutableBufferPointer { sums in
            isPresent.withUnsafeMutableBufferPointer { isPresent in
                for row in input.slots.indices {
                    let slot = input.slots[row]
                    if slot == StateInput.noSlot || nulls?[row] == true { continue }
                    sums[Int(slot)] &+= Int128(values[row])
                    isPresent[Int(slot)] = true
                }
            }
        }
    }

    func encode(slot: Int, field number: Int, into writer: inout ByteWriter) {
        if isPresent[slot] { SumInt64State.append(sums[slot], field: number, into: &writer) }
    }

    func removeAll() {
        sums.removeAll(keepingCapacity: true)
        isPresent.removeAll(keepingCapacity: true)
    }
}
