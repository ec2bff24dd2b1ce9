/// XXH3-64 as 16 hexadecimal digits: JSON has no integers of 64 bits that every reader keeps.
package struct Checksum: Codable, Hashable, Sendable, CustomStringConvertible {
    package static let digitCount = 16

    package var value: UInt64

    package init(_ value: UInt64) {
        self.value = value
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard text.utf8.count == Self.digitCount, let value = UInt64(text, radix: 16) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(text) is no checksum")
        }
        self.value = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    package var description: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: Self.digitCount - digits.utf8.count) + digits
    }
}
