// Numbers in text. JSON's are read by simdjson; these are for delimited records and for keys that people write.

package enum NumberText {
    /// An integer; or a number with a fraction of zeros or an exponent, as other programs write integers, below 2^53,
    /// from where on it may have been rounded.
    package static func int64(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard let first = text.first else { return nil }
        let hasSign = first == UInt8(ascii: "-") || first == UInt8(ascii: "+")
        let isNegative = first == UInt8(ascii: "-")
        guard text.count > (hasSign ? 1 : 0) else { return nil }
        var value: Int64 = 0
        for byte in text[(hasSign ? 1 : 0)...] {
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10 else { return double(text).flatMap(integral) }
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) =
                isNegative
                ? tens.subtractingReportingOverflow(Int64(digit)) : tens.addingReportingOverflow(Int64(digit))
            if overflow || carry { return nil }
            value = sum
        }
        return value
    }

    static func integral(_ value: Double) -> Int64? {
        value.magnitude < 0x1p53 ? Int64(exactly: value) : nil
    }

    /// A decimal number, NaN or an infinity; nil for one that is too great for a double.
    package static func double(_ text: UnsafeRawBufferPointer) -> Double? {
        var position = 0
        var isNegative = false
        if let first = text.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
            isNegative = first == UInt8(ascii: "-")
            position = 1
        }
        let numberStart = position
        var mantissa: UInt64 = 0
        var digits = 0
        var exponent = 0
        while position < text.count, case let digit = text[position] &- UInt8(ascii: "0"), digit < 10 {
            if digits < 19 { mantissa = mantissa * 10 + UInt64(digit) }
            digits += 1
            position += 1
        }
        if position < text.count, text[position] == UInt8(ascii: ".") {
            position += 1
            while position < text.count, case let digit = text[position] &- UInt8(ascii: "0"), digit < 10 {
                if digits < 19 { mantissa = mantissa * 10 + UInt64(digit) }
                digits += 1
                exponent -= 1
                position += 1
            }
        }
        guard digits > 0 else { return special(text, from: numberStart, isNegative: isNegative) }
        if position < text.count, text[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            guard let written = readExponent(text, &position) else { return nil }
            exponent += written
        }
        guard position == text.count else { return nil }
        // Both factors are exact doubles then, so that one operation rounds once (Clinger 1990).
        if digits <= 19, mantissa <= 1 << 53, (-22...22).contains(exponent) {
            let magnitude =
                exponent < 0
                ? Double(mantissa) / powersOfTen[-exponent] : Double(mantissa) * powersOfTen[exponent]
            return isNegative ? -magnitude : magnitude
        }
        guard let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite else { return nil }
        return value
    }

    private static func readExponent(_ text: UnsafeRawBufferPointer, _ position: inout Int) -> Int? {
        var isNegative = false
        if position < text.count, text[position] == UInt8(ascii: "-") || text[position] == UInt8(ascii: "+") {
            isNegative = text[position] == UInt8(ascii: "-")
            position += 1
        }
        let start = position
        var value = 0
        while position < text.count, case let digit = text[position] &- UInt8(ascii: "0"), digit < 10 {
            value = min(value * 10 + Int(digit), 1_000_000)
            position += 1
        }
        guard position > start else { return nil }
        return isNegative ? -value : value
    }

    private static func special(
        _ text: UnsafeRawBufferPointer, from start: Int, isNegative: Bool
    ) -> Double? {
        guard text.count - start <= 8 else { return nil }
        switch String(decoding: text[start...], as: UTF8.self).lowercased() {
        case "nan": return start == 0 ? .nan : nil
        case "inf", "infinity": return isNegative ? -.infinity : .infinity
        default: return nil
        }
    }

    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]
}
