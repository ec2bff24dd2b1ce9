package import Bytes

/// Base64 with the standard alphabet (RFC 4648, section 4): how BYTES stand in text.
package enum Base64 {
    private static let alphabet = [UInt8]("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    package static func append(_ bytes: some Collection<UInt8>, to writer: inout ByteWriter) {
        var word: UInt32 = 0
        var pending = 0
        for byte in bytes {
            word = word << 8 | UInt32(byte)
            pending += 1
            guard pending == 3 else { continue }
            for shift in [18, 12, 6, 0] as [UInt32] { writer.append(alphabet[Int(word >> shift & 63)]) }
            word = 0
            pending = 0
        }
        guard pending > 0 else { return }
        word <<= UInt32(24 - pending * 8)
        for index in 0..<4 {
            writer.append(
                index <= pending ? alphabet[Int(word >> UInt32(18 - index * 6) & 63)] : UInt8(ascii: "="))
        }
    }

    /// Padding may be missing, but where it stands it must be right; what is left of the last character must be 0.
    package static func decode(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        var length = text.count
        if length % 4 == 0, length > 0, text[length - 1] == UInt8(ascii: "=") {
            length -= text[length - 2] == UInt8(ascii: "=") ? 2 : 1
        }
        guard length % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(length * 3 / 4)
        var word: UInt32 = 0
        var bits: UInt32 = 0
        for index in 0..<length {
            guard let digit = digit(of: text[index]) else { return nil }
            word = word << 6 | digit
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: word >> bits))
                word &= 1 << bits - 1
            }
        }
        return word == 0 ? bytes : nil
    }

    private static func digit(of byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte) - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte) - 97 + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte) - 48 + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
