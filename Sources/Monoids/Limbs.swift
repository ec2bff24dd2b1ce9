// Integers of many 64-bit limbs in two's complement, the low limb first: the arithmetic under exact sums. Everything
// wraps at the width of its buffer; callers leave room where wrapping would be wrong.

#if _endian(big)
    #error("limbs are read from and written to states as bytes in place, low byte first")
#endif

typealias Limbs = UnsafeMutableBufferPointer<UInt64>

/// Lends `count` limbs that are zero.
func withLimbs<R>(_ count: Int, _ body: (Limbs) -> R) -> R {
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: count) { limbs in
        limbs.initialize(repeating: 0)
        return body(limbs)
    }
}

extension UnsafeMutableBufferPointer<UInt64> {
    var isNegative: Bool { last.map { $0 >> 63 == 1 } ?? false }

    /// The bytes, low byte first.
    var rawBytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(self) }

    /// Sets the limbs, which are zero, to a signed integer of bytes times 2^(8 * place).
    func load(_ bytes: UnsafeRawBufferPointer, place: Int) {
        guard let last = bytes.last else { return }
        let target = UnsafeMutableRawBufferPointer(self)
        UnsafeMutableRawBufferPointer(rebasing: target[place..<place + bytes.count]).copyMemory(from: bytes)
        guard last >= 0x80 else { return }
        for index in place + bytes.count..<target.count { target[index] = 0xff }
    }

    func add(_ other: Limbs) {
        var carry: UInt64 = 0
        for index in indices { carry = addWithCarry(&self[index], other[index], carry) }
    }

    func subtract(_ other: Limbs) {
        var carry: UInt64 = 1
        for index in indices { carry = addWithCarry(&self[index], ~other[index], carry) }
    }

    func negate() {
        var carry: UInt64 = 1
        for index in indices {
            var limb: UInt64 = 0
            carry = addWithCarry(&limb, ~self[index], carry)
            self[index] = limb
        }
    }

    func multiply(by factor: UInt64) {
        var carry: UInt64 = 0
        for index in indices {
            let product = self[index].multipliedFullWidth(by: factor)
            var low = product.low
            let overflow = addWithCarry(&low, carry, 0)
            self[index] = low
            carry = product.high &+ overflow
        }
    }

    /// Sets the limbs, which are zero and at least twice as many, to the square of a magnitude.
    func setSquare(of magnitude: Limbs) {
        for i in magnitude.indices {
            var carry: UInt64 = 0
            for j in magnitude.indices {
                let product = magnitude[i].multipliedFullWidth(by: magnitude[j])
                var low = product.low
                var overflow = addWithCarry(&low, carry, 0)
                overflow &+= addWithCarry(&self[i + j], low, 0)
                carry = product.high &+ overflow
            }
            self[i + magnitude.count] = carry
        }
    }

    /// The integer times 2^exponent as the nearest double, ties to even; too great becomes infinity. Leaves the magnitude.
    func rounded(exponent: Int) -> Double {
        let isNegative = isNegative
        if isNegative { negate() }
        let magnitude = roundedMagnitude(exponent: exponent)
        return isNegative ? -magnitude : magnitude
    }

    private func roundedMagnitude(exponent: Int) -> Double {
        guard let top = lastIndex(where: { $0 != 0 }) else { return 0 }
        let topBit = top * 64 + 63 - self[top].leadingZeroBitCount
        guard topBit + exponent <= 1023 else { return .infinity }
        // The exponent of the result's last bit, and how many bits of the integer lie below it.
        let lastPlace = Swift.max(topBit + exponent - 52, -1074)
        let dropped = lastPlace - exponent
        if dropped <= 0 { return Double(sign: .plus, exponent: exponent, significand: Double(self[0])) }
        guard dropped <= topBit + 1 else { return 0 }
        var significand = bits(from: dropped)
        let isHalf = bits(from: dropped - 1) & 1 == 1
        if isHalf && (significand & 1 == 1 || hasBits(below: dropped - 1)) { significand += 1 }
        return Double(sign: .plus, exponent: lastPlace, significand: Double(significand))
    }

    /// The 64 bits of a magnitude from `bit` up.
    private func bits(from bit: Int) -> UInt64 {
        let (limb, shift) = (bit >> 6, UInt64(bit & 63))
        let low = limb < count ? self[limb] &>> shift : 0
        let high = limb + 1 < count ? (self[limb + 1] &<< 1) &<< (63 - shift) : 0
        return low | high
    }

    private func hasBits(below bit: Int) -> Bool {
        let (limb, shift) = (bit >> 6, UInt64(bit & 63))
        if self[..<limb].contains(where: { $0 != 0 }) { return true }
        return limb < count && self[limb] & ((1 &<< shift) &- 1) != 0
    }
}

/// Adds in place and returns the carry, which is 0 or 1 as `carry` is.
@inline(__always)
func addWithCarry(_ limb: inout UInt64, _ addend: UInt64, _ carry: UInt64) -> UInt64 {
    let (sum, first) = limb.addingReportingOverflow(addend)
    let (total, second) = sum.addingReportingOverflow(carry)
    limb = total
    return (first ? 1 : 0) | (second ? 1 : 0)
}
