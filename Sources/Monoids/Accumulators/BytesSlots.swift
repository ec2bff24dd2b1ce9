internal import Bytes

/// Byte strings of all slots in one arena: LAST over a STRING replaces its value at nearly every row, and an array for
/// each slot would then allocate at nearly every row.
struct BytesSlots: SlotValues {
    struct Source {
        let arena: UnsafeRawBufferPointer
        let ends: UnsafeBufferPointer<Int>

        @inline(__always)
        subscript(row: Int) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(rebasing: arena[(row == 0 ? 0 : ends[row - 1])..<ends[row]])
        }
    }

    private struct Place {
        var offset = 0
        var count = 0
        /// What may be overwritten in place.
        var capacity = 0
    }

    /// Below this much, unused bytes are not worth moving the others for.
    private static let toleratedGarbage = 1 << 16

    private var arena: [UInt8] = []
    private var places: [Place] = []
    private var garbage = 0

    static func source(_ view: VectorView) -> Source {
        guard case .bytes(let arena, let ends, _) = view else {
            preconditionFailure("the argument is no STRING or BYTES")
        }
        return Source(arena: UnsafeRawBufferPointer(arena), ends: ends)
    }

    func order(_ source: Source, row: Int, slot: Int) -> Int {
        withBytes(slot) { byteOrder(source[row], $0) }
    }

    mutating func set(slot: Int, _ source: Source, row: Int) {
        let value = source[row]
        if value.count > places[slot].capacity {
            garbage += places[slot].capacity
            places[slot] = Place(offset: arena.count, capacity: value.count)
            arena.append(contentsOf: value)
        } else {
            let offset = places[slot].offset
            arena.withUnsafeMutableBytes { arena in
                UnsafeMutableRawBufferPointer(rebasing: arena[offset..<offset + value.count]).copyMemory(from: value)
            }
        }
        places[slot].count = value.count
        if garbage > Self.toleratedGarbage && garbage > arena.count / 2 { compact() }
    }

    private mutating func compact() {
        var kept: [UInt8] = []
        kept.reserveCapacity(arena.count)
        for slot in places.indices {
            let place = places[slot]
            places[slot] = Place(offset: kept.count, count: place.count, capacity: place.count)
            kept.append(contentsOf: arena[place.offset..<place.offset + place.count])
        }
        arena = kept
        garbage = 0
    }

    mutating func grow(to slots: Int) {
        places.append(contentsOf: repeatElement(Place(), count: slots - places.count))
    }

    var looseByteCount: Int { arena.count }

    mutating func removeAll() {
        arena.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
        garbage = 0
    }

    func encode(slot: Int, field number: Int, into writer: inout ByteWriter) {
        withBytes(slot) { writer.append(field: number, bytes: $0) }
    }

    @inline(__always)
    private func withBytes<R>(_ slot: Int, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        let place = places[slot]
        return arena.withUnsafeBytes { arena in
            body(UnsafeRawBufferPointer(rebasing: arena[place.offset..<place.offset + place.count]))
        }
    }
}
