internal import Bytes

/// One value of one type for each slot, for accumulators that keep a value of the input rather than compute one.
///
/// Accumulators are generic over it and are made for concrete types within this module, so their loops are specialised.
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
    func encode(slot: Int, field number: Int, into writer: inout ByteWriter)
}

struct BoolSlots: SlotValues {
    private var values: [Bool] = []

    static func source(_ view: VectorView) -> UnsafeBufferPointer<Bool> {
        guard case .bool(let values, _) = view else { preconditionFailure("the argument is no BOOL") }
        return values
    }

    func order(_ source: UnsafeBufferPointer<Bool>, row: Int, slot: Int) -> Int {
        (source[row] ? 1 : 0) - (values[slot] ? 1 : 0)
    }

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

    func order(_ source: UnsafeBufferPointer<Int64>, row: Int, slot: Int) -> Int {
        numberOrder(source[row], values[slot])
    }

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

    func order(_ source: UnsafeBufferPointer<Double>, row: Int, slot: Int) -> Int {
        numberOrder(orderKey(canonical(source[row])), keys[slot])
    }

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
