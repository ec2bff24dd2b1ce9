/// Integers that count a unit so small that every addend is a whole number of units.
///
/// The unit of sums is the least double, 2^-1074, and that of sums of squares its square. The widths hold 2^77 and 2^91
/// addends of any finite size; beyond them, which no input reaches, sums wrap, and so stay associative.
struct FixedPoint {
    let unitExponent: Int
    let limbCount: Int

    static let sums = FixedPoint(unitExponent: -1074, limbCount: 34)
    static let squares = FixedPoint(unitExponent: -2148, limbCount: 67)

    var byteCount: Int { limbCount * 8 }
}
