internal import Bytes

/// How often a sum has met what is not finite.
struct SpecialCounts: Hashable {
    var nans: UInt64 = 0
    var plusInfinities: UInt64 = 0
    var minusInfinities: UInt64 = 0

    static func &+ (a: SpecialCounts, b: SpecialCounts) -> SpecialCounts {
        SpecialCounts(
            nans: a.nans &+ b.nans, plusInfinities: a.plusInfinities &+ b.plusInfinities,
            minusInfinities: a.minusInfinities &+ b.minusInfinities)
    }

    /// What they make of the sum; nil where there are none and the finite part decides.
    var presented: Double? {
        if nans != 0 || (plusInfinities != 0 && minusInfinities != 0) { return .nan }
        if plusInfinities != 0 { return .infinity }
        return minusInfinities != 0 ? -.infinity : nil
    }
}

/// An exact sum as it is stored: one signed integer, shortened at both ends, and the place where it begins.
///
///     {1: place, 2: significand, 3: NaNs, 4: infinities, 5: negative infinities}
///
/// The finite part is significand * 2^(8 * place) units. Every sum has one encoding: the significand has neither a low byte
/// of zero nor a high byte that only extends the sign, and what is zero is absent. A sum of zeros is an empty message.
struct ExactSumState {
    var place = 0
    var significand = UnsafeRawBufferPointer(start: nil, count: 0)
    var specials = SpecialCounts()

    /// nil where the payload is no such state, or not in its one form.
    init?(_ field: ProtobufField, _ format: FixedPoint) {
        guard case .lengthDelimited = field.wireType else { return nil }
        var reader = ProtobufReader(field.bytes)
        var previous = 0
        var length = 0
        // Bytes that are no field end the walk too; the length then falls short.
        while let part = try? reader.next() {
            guard part.number > previous, take(part, format) else { return nil }
            previous = part.number
            length += part.shortestLength
        }
        guard length == field.bytes.count, place + significand.count <= format.byteCount else { return nil }
        guard !significand.isEmpty || place == 0 else { return nil }
    }

    private mutating func take(_ part: ProtobufField, _ format: FixedPoint) -> Bool {
        if part.number == 2 {
            guard case .lengthDelimited = part.wireType else { return false }
            significand = part.bytes
            return isShortest(significand)
        }
        guard case .varint = part.wireType, part.bits != 0 else { return false }
        switch part.number {
        case 1:
            guard part.bits < UInt64(format.byteCount) else { return false }
            place = Int(part.bits)
        case 3: specials.nans = part.bits
        case 4: specials.plusInfinities = part.bits
        case 5: specials.minusInfinities = part.bits
        default: return false
        }
        return true
    }

    private func isShortest(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let low = bytes.first, low != 0 else { return false }
        return shortened(bytes).count == bytes.count
    }

    static func combine(
        _ a: ExactSumState, _ b: ExactSumState, _ format: FixedPoint, field number: Int, into writer: inout ByteWriter
    ) {
        let specials = a.specials &+ b.specials
        if a.significand.isEmpty || b.significand.isEmpty {
            let finite = a.significand.isEmpty ? b : a
            append(finite.significand, place: finite.place, specials, format, field: number, into: &writer)
            return
        }
        let place = min(a.place, b.place)
        let end = max(a.place + a.significand.count, b.place + b.significand.count)
        // One byte more than the longer, for the carry.
        let limbCount = (end - place + 8) / 8
        withLimbs(limbCount * 2) { limbs in
            let sum = Limbs(rebasing: limbs[..<limbCount])
            let addend = Limbs(rebasing: limbs[limbCount...])
            sum.load(a.significand, place: a.place - place)
            addend.load(b.significand, place: b.place - place)
            sum.add(addend)
            append(sum.rawBytes, place: place, specials, format, field: number, into: &writer)
        }
    }

    /// Appends the state whose finite part is a signed integer of bytes, of any length, times 2^(8 * place) units.
    static func append(
        _ bytes: UnsafeRawBufferPointer, place: Int, _ specials: SpecialCounts, _ format: FixedPoint, field number: Int,
        into writer: inout ByteWriter
    ) {
        let zeros = bytes.firstIndex { $0 != 0 } ?? bytes.count
        let end = min(bytes.count, format.byteCount - place)
        let significand = shortened(UnsafeRawBufferPointer(rebasing: bytes[min(zeros, end)..<end]))
        let place = significand.isEmpty ? 0 : place + zeros
        writer.append(tag: number, .lengthDelimited)
        writer.append(varint: UInt64(messageLength(significand.count, place, specials)))
        if place != 0 { writer.append(field: 1, int64: Int64(place)) }
        if !significand.isEmpty { writer.append(field: 2, bytes: significand) }
        if specials.nans != 0 { writer.append(field: 3, int64: Int64(bitPattern: specials.nans)) }
        if specials.plusInfinities != 0 { writer.append(field: 4, int64: Int64(bitPattern: specials.plusInfinities)) }
        if specials.minusInfinities != 0 { writer.append(field: 5, int64: Int64(bitPattern: specials.minusInfinities)) }
    }

    private static func messageLength(_ significandCount: Int, _ place: Int, _ specials: SpecialCounts) -> Int {
        var length = significandCount == 0 ? 0 : 1 + varintLength(UInt64(significandCount)) + significandCount
        if place != 0 { length += 1 + varintLength(UInt64(place)) }
        if specials.nans != 0 { length += 1 + varintLength(specials.nans) }
        if specials.plusInfinities != 0 { length += 1 + varintLength(specials.plusInfinities) }
        if specials.minusInfinities != 0 { length += 1 + varintLength(specials.minusInfinities) }
        return length
    }

    /// The sum rounded once: what `math.fsum` of Python gives; 0.0 for a sum of zeros, whatever their signs.
    func rounded(_ format: FixedPoint) -> Double {
        specials.presented
            ?? withLimbs(significand.count / 8 + 1) { limbs in
                limbs.load(significand, place: 0)
                return limbs.rounded(exponent: format.unitExponent + 8 * place)
            }
    }
}

/// A signed integer without the high bytes that only extend its sign.
private func shortened(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    var count = bytes.count
    while count > 1 {
        let extends = bytes[count - 2] >= 0x80 ? 0xff : 0x00
        guard bytes[count - 1] == extends else { break }
        count -= 1
    }
    return UnsafeRawBufferPointer(rebasing: bytes[..<count])
}
