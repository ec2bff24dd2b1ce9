/// A decimal number of up to 256 bits: an integer, divided by ten as often as its scale says.
struct ArrowDecimal {
    /// Two's complement, the lowest first.
    private var words: [UInt64]
    private var small: Int64?
    private let scale: Int

    /// Those that a double has exactly.
    private static let powersOfTen: [Double] = (0..<22).reduce(into: [1]) { $0.append($0[$1] * 10) }
    private static let exactLimit: UInt64 = 1 << 53

    init(littleEndian bytes: UnsafeRawBufferPointer, scale: Int) {
        self.scale = scale
        if bytes.count == 4 {
            words = []
            small = Int64(bytes.loadUnaligned(as: Int32.self))
            return
        }
        let low = bytes.loadUnaligned(as: Int64.self)
        // What nearly all are, without a loop.
        if bytes.count == 16, bytes.loadUnaligned(fromByteOffset: 8, as: Int64.self) == low >> 63 {
            words = []
            small = low
            return
        }
        let extends = stride(from: 8, to: bytes.count, by: 8).allSatisfy {
            bytes.loadUnaligned(fromByteOffset: $0, as: Int64.self) == low >> 63
        }
        if extends {
            words = []
            small = low
        } else {
            words = stride(from: 0, to: bytes.count, by: 8).map {
                bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self)
            }
        }
    }

    /// The nearest.
    var double: Double? {
        // Both are exact, so that their quotient is rounded once.
        if let small, small.magnitude <= Self.exactLimit, Self.powersOfTen.indices ~= scale {
            return Double(small) / Self.powersOfTen[scale]
        }
        return Double(text)
    }

    /// nil where it has a fraction or is too large.
    var int64: Int64? {
        if scale == 0 { return small }
        guard scale < 0, scale >= -18, var value = small else { return nil }
        for _ in scale..<0 {
            let (product, overflows) = value.multipliedReportingOverflow(by: 10)
            if overflows { return nil }
            value = product
        }
        return value
    }

    var text: String {
        let digits = small.map { "\($0)" } ?? Self.digits(words)
        return scale == 0 ? digits : "\(digits)e\(-scale)"
    }

    private static func digits(_ words: [UInt64]) -> String {
        var words = words
        let isNegative = (words.last ?? 0) >> 63 == 1
        if isNegative {
            var carry = true
            for index in words.indices {
                words[index] = ~words[index]
                if carry { (words[index], carry) = words[index].addingReportingOverflow(1) }
            }
        }
        var digits: [UInt8] = []
        while words.contains(where: { $0 != 0 }) {
            var remainder: UInt64 = 0
            for index in words.indices.reversed() {
                (words[index], remainder) = UInt64(10).dividingFullWidth((remainder, words[index]))
            }
            digits.append(UInt8(ascii: "0") + UInt8(remainder))
        }
        let text = String(decoding: digits.reversed(), as: UTF8.self)
        return (isNegative ? "-" : "") + (text.isEmpty ? "0" : text)
    }
}
