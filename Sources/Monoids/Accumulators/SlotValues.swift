internal import Bytes

/// One value of one type for each slot, for accumulators that keep a value of the input rather than compute one.
///
/// Accumulators are generic over it, and objects of a generic class are not specialised: a loop over rows belongs here, where
/// each type has its own.
protocol SlotValues {
    /// A batch's values, unwrapped once.
    associatedtype Source

    init()
    /// Traps where the view is of another type.
    static func source(_ view: VectorView) -> Source
    /// Less than 0 where the row's value precedes the slot's in tuple order, 0 where they are equal.
    func order(_ source: Source, row: Int, slot: Int) -> Int
    mutating func set(slot: Int, _ source: Source, row: Int)
    mutating func grow(to slots: Int)
    mutating func removeAll()
    /// What values take besides a few words for each.
    var looseByteCount: Int { get }
    func encode(slot: Int, field number: Int, into writer: inout ByteWriter)
    /// Replaces the value of each row's slot by the row's where that is greater, or less, or where there is none `present`.
    mutating func keepExtremes(
        _ slots: UnsafeBufferPointer<UInt32>, _ view: VectorView, present: UnsafeMutableBufferPointer<Bool>,
        keepsGreater: Bool)
}

extension SlotValues {
    var looseByteCount: Int { 0 }

    @inline(__always)
    mutating func keepExtremes(
        _ slots: UnsafeBufferPointer<UInt32>, _ view: VectorView, present: UnsafeMutableBufferPointer<Bool>,
        keepsGreater: Bool
    ) {
        let (source, nulls) = (Self.source(view), view.nulls)
        for row in slots.indices {
            let slot = slots[row]
            if slot == StateInput.noSlot || nulls?[row] == true { continue }
            if present[Int(slot)] {
                let order = order(source, row: row, slot: Int(slot))
                guard keepsGreater ? order > 0 : order < 0 else { continue }
            }
            present[Int(slot)] = true
            set(slot: Int(slot), source, row: row)
        }
    }
}

struct BoolSlots: SlotValues {
    private var values: [Bool] = []

    static func source(_ view: VectorView) -> UnsafeBufferPointer<Bool> {
        guard case .bool(let values, _) = view else { preconditionFailure("the argument is no BOOL") }
        return values
    }

    @inline(__always)
    func order(_ source: UnsafeBufferPointer<Bool>, row: Int, slot: Int) -> Int {
        (source[row] ? 1 : 0) - (values[slot] ? 1 : 0)
    }

    @inline(__always)
    mutating func set(slot: Int, _ source: UnsafeBufferPointer<Bool>, row: Int) {
        values[slot] = source[row]
    }

    mutating func grow(to slots: Int) {
        values.append(contentsOf: repeatElement(false, count: slots - values.count))
    }

    mutating func removeAll() {
        values.removeAll(keepingCapacity: true)
    }

    func encode(slot: Int, field number: Int, into writer: inout ByteWriter) {
        writer.append(field: number, bool: values[slot])
    }
}

struct Int64Slots: SlotValues {
    private var values: [Int64] = []

    static func source(_ view: VectorView) -> UnsafeBufferPointer<Int64> {
        guard case .int64(let values, _) = view else { preconditionFailure("the argument is no INT64 or TIMESTAMP") }
        return values
    }

    @inline(__always)
    func order(_ source: UnsafeBufferPointer<Int64>, row: Int, slot: Int) -> Int {
        numberOrder(source[row], values[slot])
    }

    @inline(__always)
    mutating func set(slot: Int, _ source: UnsafeBufferPointer<Int64>, row: Int) {
        values[slot] = source[row]
    }

    mutating func grow(to slots: Int) {
        values.append(contentsOf: repeatElement(0, count: slots - values.count))
    }

    mutating func removeAll() {
        values.removeAll(keepingCapacity: true)
    }

    func encode(slot: Int, field number: Int, into writer: inout ByteWriter) {
        writer.append(field: number, int64: values[slot])
    }
}

/// Keeps order keys of canonical doubles, so that comparing them is comparing integers.
struct DoubleSlots: SlotValues {
    private var keys: [Int64] = []

    static func source(_ view: VectorView) -> UnsafeBufferPointer<Double> {
        guard case .double(let values, _) = view else { preconditionFailure("the argument is no DOUBLE") }
        return values
    }

    @inline(__always)
    func order(_ source: UnsafeBufferPointer<Double>, row: Int, slot: Int) -> Int {
        numberOrder(orderKey(canonical(source[row])), keys[slot])
    }

    @inline(__always)
    mutating func set(slot: Int, _ source: UnsafeBufferPointer<Double>, row: Int) {
        keys[slot] = orderKey(canonical(source[row]))
    }

    mutating func grow(to slots: Int) {
        keys.append(contentsOf: repeatElement(0, count: slots - keys.count))
    }

    mutating func removeAll() {
        keys.removeAll(keepingCapacity: true)
    }

    func encode(slot: Int, field number: Int, into writer: inout ByteWriter) {
        writer.append(field: number, double: double(orderKey: keys[slot]))
    }
}
