internal import Bytes

/// Exact sums of doubles, or of their squares, for many groups at tens of millions of addends a second.
///
/// A full-width integer for each group would take 272 or 536 bytes and touch as many. The values of a group are mostly
/// of like size, so a group has a window: four limbs (six for squares) of the wide integer, placed where its first value
/// falls. An addend must end below the window's top limb, which takes only carries and so cannot overflow before 2^63 addends.
/// A window slides where what it holds allows, and where nothing else helps the group spills to the full width.
final class ExactSumAccumulator: StateAccumulator {
    private let squares: Bool
    private let format: FixedPoint
    /// Limbs in a window.
    private let stride: Int
    /// Limbs that an addend can touch.
    private let span: Int

    private var windows: [UInt64] = []
    /// For each slot the limb at which its window begins, or one of the marks below, all greater than any limb.
    private var bases: [UInt8] = []
    /// Full-width integers; the first limb of a spilled slot's window is its index here.
    private var wide: [[UInt64]] = []
    private var specials: [UInt32: SpecialCounts] = [:]

    private static let absent: UInt8 = 0xff
    /// Present, and no finite value but zeros so far.
    private static let zero: UInt8 = 0xfe
    private static let spilled: UInt8 = 0xfd

    init(squares: Bool) {
        self.squares = squares
        format = squares ? .squares : .sums
        stride = squares ? 6 : 4
        span = squares ? 3 : 2
    }

    var slotCount: Int { bases.count }
    var looseByteCount: Int { (wide.first?.count ?? 0) * MemoryLayout<UInt64>.stride * wide.count }

    func grow(to slots: Int) {
        windows.append(contentsOf: repeatElement(0, count: slots * stride - windows.count))
        bases.append(contentsOf: repeatElement(Self.absent, count: slots - bases.count))
    }

    func removeAll() {
        windows.removeAll(keepingCapacity: true)
        bases.removeAll(keepingCapacity: true)
        wide.removeAll()
        specials.removeAll()
    }

    func encode(slot: Int, field number: Int, into writer: inout ByteWriter) {
        let base = bases[slot]
        guard base != Self.absent else { return }
        let specials = specials.isEmpty ? SpecialCounts() : specials[UInt32(slot)] ?? SpecialCounts()
        func append(_ limbs: UnsafeRawBufferPointer, place: Int) {
            ExactSumState.append(limbs, place: place, specials, format, field: number, into: &writer)
        }
        switch base {
        case Self.zero: append(UnsafeRawBufferPointer(start: nil, count: 0), place: 0)
        case Self.spilled: wide[Int(windows[slot * stride])].withUnsafeBytes { append($0, place: 0) }
        default:
            windows.withUnsafeBytes { bytes in
                let window = bytes[slot * stride * 8..<(slot + 1) * stride * 8]
                append(UnsafeRawBufferPointer(rebasing: window), place: Int(base) * 8)
            }
        }
    }

    /// A DOUBLE argument; an INT64 counts as the nearest double.
    func update(_ input: StateInput) {
        switch input.x {
        case .double(let values, let nulls): update(input.slots, values, nulls)
        case .int64(let integers, let nulls):
            integers.map { Double($0) }.withUnsafeBufferPointer { update(input.slots, $0, nulls) }
        default: preconditionFailure("an exact sum takes numbers")
        }
    }

    private func update(
        _ slots: UnsafeBufferPointer<UInt32>, _ values: UnsafeBufferPointer<Double>, _ nulls: UnsafeBufferPointer<Bool>?
    ) {
        var row = 0
        while true {
            row = squares ? addSquares(from: row, slots, values, nulls) : addValues(from: row, slots, values, nulls)
            if row == slots.count { return }
            addAnywhere(values[row], slot: Int(slots[row]))
            row += 1
        }
    }

    /// Adds rows while they fall into their windows; returns the first that does not.
    private func addValues(
        from start: Int, _ slots: UnsafeBufferPointer<UInt32>, _ values: UnsafeBufferPointer<Double>,
        _ nulls: UnsafeBufferPointer<Bool>?
    ) -> Int {
        windows.withUnsafeMutableBufferPointer { windows in
            bases.withUnsafeBufferPointer { bases in
                for row in start..<slots.count {
                    let slot = slots[row]
                    if slot == StateInput.noSlot || nulls?[row] == true { continue }
                    let value = Finite(values[row])
                    let base = bases[Int(slot)]
                    let offset = value.place >> 6 - Int(base)
                    guard value.isFinite, offset == 0 || offset == 1 else {
                        if value.significand == 0 && value.isFinite && base != Self.absent { continue }
                        return row
                    }
                    let shift = UInt64(value.place & 63)
                    // Two's complement of the addend: every limb inverted, and one added.
                    let sign = value.sign
                    let first = Int(slot) &* 4 &+ offset
                    var carry = sign & 1
                    carry = addWithCarry(&windows[first], (value.significand &<< shift) ^ sign, carry)
                    carry = addWithCarry(
                        &windows[first + 1], ((value.significand &>> 1) &>> (63 &- shift)) ^ sign, carry)
                    // Mostly neither a carry nor a borrow runs on, and the limbs above stay as they are.
                    if carry == sign & 1 { continue }
                    carry = addWithCarry(&windows[first + 2], sign, carry)
                    if offset == 0 { carry = addWithCarry(&windows[first + 3], sign, carry) }
                }
                return slots.count
            }
        }
    }

    private func addSquares(
        from start: Int, _ slots: UnsafeBufferPointer<UInt32>, _ values: UnsafeBufferPointer<Double>,
        _ nulls: UnsafeBufferPointer<Bool>?
    ) -> Int {
        windows.withUnsafeMutableBufferPointer { windows in
            bases.withUnsafeBufferPointer { bases in
                for row in start..<slots.count {
                    let slot = slots[row]
                    if slot == StateInput.noSlot || nulls?[row] == true { continue }
                    let value = Finite(values[row])
                    let base = bases[Int(slot)]
                    let place = value.place * 2
                    let offset = place >> 6 - Int(base)
                    guard value.isFinite, offset >= 0, offset <= 2 else {
                        if value.significand == 0 && value.isFinite && base != Self.absent { continue }
                        return row
                    }
                    let shift = UInt64(place & 63)
                    let square = value.significand.multipliedFullWidth(by: value.significand)
                    let first = Int(slot) &* 6 &+ offset
                    var carry = addWithCarry(&windows[first], square.low &<< shift, 0)
                    let middle = square.high &<< shift | (square.low &>> 1) &>> (63 &- shift)
                    carry = addWithCarry(&windows[first + 1], middle, carry)
                    carry = addWithCarry(&windows[first + 2], (square.high &>> 1) &>> (63 &- shift), carry)
                    var limb = first + 3
                    let end = Int(slot) &* 6 &+ 6
                    while carry != 0 && limb < end {
                        carry = addWithCarry(&windows[limb], 0, carry)
                        limb += 1
                    }
                }
                return slots.count
            }
        }
    }
}

// What happens once for a group, or hardly ever: the first value, specials, sliding and spilling.
extension ExactSumAccumulator {
    private func addAnywhere(_ x: Double, slot: Int) {
        if bases[slot] == Self.absent { bases[slot] = Self.zero }
        let value = Finite(x)
        guard value.isFinite else {
            countSpecial(x, slot: slot)
            return
        }
        if value.significand == 0 { return }
        var addend: UInt128 = UInt128(value.significand)
        if squares { addend *= addend }
        let place = squares ? value.place * 2 : value.place
        let isNegative = !squares && value.sign != 0
        if bases[slot] != Self.spilled && !moveWindow(slot, toHold: place) { spill(slot) }
        if bases[slot] == Self.spilled {
            wide[Int(windows[slot * stride])].withUnsafeMutableBufferPointer {
                Self.add(addend, place: place, isNegative, to: $0)
            }
        } else {
            let base = Int(bases[slot])
            windows.withUnsafeMutableBufferPointer { windows in
                let window = Limbs(rebasing: windows[slot * stride..<(slot + 1) * stride])
                Self.add(addend, place: place - base * 64, isNegative, to: window)
            }
        }
    }

    private func countSpecial(_ x: Double, slot: Int) {
        var one = SpecialCounts()
        if x.isNaN {
            one.nans = 1
        } else if x > 0 || squares {
            one.plusInfinities = 1
        } else {
            one.minusInfinities = 1
        }
        specials[UInt32(slot)] = (specials[UInt32(slot)] ?? SpecialCounts()) &+ one
    }

    /// Adds sign * addend * 2^place; a carry or a borrow runs up as far as it must.
    private static func add(_ addend: UInt128, place: Int, _ isNegative: Bool, to limbs: Limbs) {
        let shift = UInt64(place & 63)
        let (low, high) = (UInt64(truncatingIfNeeded: addend), UInt64(truncatingIfNeeded: addend >> 64))
        let middle = high &<< shift | (low &>> 1) &>> (63 - shift)
        // Two's complement of a negative addend: every limb inverted, and one added.
        let sign: UInt64 = isNegative ? .max : 0
        var limb = place >> 6
        var carry = sign & 1
        carry = addWithCarry(&limbs[limb], (low &<< shift) ^ sign, carry)
        carry = addWithCarry(&limbs[limb + 1], middle ^ sign, carry)
        carry = addWithCarry(&limbs[limb + 2], ((high &>> 1) &>> (63 - shift)) ^ sign, carry)
        limb += 3
        while limb < limbs.count && carry != sign & 1 {
            carry = addWithCarry(&limbs[limb], sign, carry)
            limb += 1
        }
    }

    /// Sees to it that an addend at `place` fits into the window; false where what the window holds is too far away.
    private func moveWindow(_ slot: Int, toHold place: Int) -> Bool {
        let limb = place >> 6
        let window = slot * stride..<(slot + 1) * stride
        let slack = stride - 1 - span
        let lastBase = format.limbCount - stride
        let used = bases[slot] == Self.zero ? 0..<0 : usedLimbs(windows[window])
        if used.isEmpty {
            // Room for smaller values too, unless the place in the limb already leaves some.
            let isLow = squares || place & 63 < 32
            bases[slot] = UInt8(max(0, min(lastBase, isLow ? limb - 1 : limb)))
            for index in window { windows[index] = 0 }
            return true
        }
        let base = Int(bases[slot])
        if limb >= base && limb <= base + slack { return true }
        let newBase = limb < base ? limb : limb - slack
        let offset = newBase - base
        guard newBase >= 0, newBase <= lastBase, used.lowerBound >= offset, used.upperBound <= offset + stride - 1
        else { return false }
        let held = Array(windows[window])
        let fill: UInt64 = held[stride - 1] >> 63 == 1 ? .max : 0
        for index in 0..<stride {
            let source = index + offset
            windows[window.lowerBound + index] = source < 0 ? 0 : source < stride ? held[source] : fill
        }
        bases[slot] = UInt8(newBase)
        return true
    }

    /// The limbs from the lowest that is not zero up to the highest that does more than extend the sign; empty for zero.
    private func usedLimbs(_ window: ArraySlice<UInt64>) -> Range<Int> {
        guard let low = window.firstIndex(where: { $0 != 0 }) else { return 0..<0 }
        var high = window.endIndex
        while high - 1 > low {
            let fill: UInt64 = window[high - 2] >> 63 == 1 ? .max : 0
            guard window[high - 1] == fill else { break }
            high -= 1
        }
        return low - window.startIndex..<high - window.startIndex
    }

    private func spill(_ slot: Int) {
        var limbs = [UInt64](repeating: 0, count: format.limbCount)
        let base = Int(bases[slot])
        let window = windows[slot * stride..<(slot + 1) * stride]
        limbs.replaceSubrange(base..<base + stride, with: window)
        if let top = window.last, top >> 63 == 1 {
            for index in base + stride..<limbs.count { limbs[index] = .max }
        }
        windows[slot * stride] = UInt64(wide.count)
        bases[slot] = Self.spilled
        wide.append(limbs)
    }
}

/// A double as sign * significand * 2^(place - 1074).
private struct Finite {
    let significand: UInt64
    let place: Int
    /// All ones where the value is negative.
    let sign: UInt64
    let isFinite: Bool

    @inline(__always)
    init(_ value: Double) {
        let bits = value.bitPattern
        let exponent = Int(truncatingIfNeeded: bits >> 52) & 0x7ff
        let normal = exponent == 0 ? 0 : 1
        significand = bits & (1 << 52 - 1) | UInt64(truncatingIfNeeded: normal) << 52
        place = exponent - normal
        sign = UInt64(bitPattern: Int64(bitPattern: bits) >> 63)
        isFinite = exponent != 0x7ff
    }
}
