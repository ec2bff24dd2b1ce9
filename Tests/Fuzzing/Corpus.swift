package import Foundation

/// Inputs that are tried first: seeds from which others are made, and every one that once did harm.
///
/// A corpus is a text file in `Corpus`: a line is a name and the bytes in hexadecimal, or as text after a `'`; `#` begins a comment.
package enum Corpus {
    package struct Unreadable: Error {
        package let line: String
    }

    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Corpus")

    package static func load(_ target: String) throws -> [[UInt8]] {
        let file = folder.appendingPathComponent(target + ".txt")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { line in
            if line.hasPrefix("#") { return nil }
            let content = line.drop { $0 != " " }.dropFirst()
            if content.hasPrefix("'") { return Array(content.dropFirst().utf8) }
            guard let bytes = bytes(hexadecimal: content) else { throw Unreadable(line: String(line)) }
            return bytes
        }
    }

    private static func bytes(hexadecimal text: Substring) -> [UInt8]? {
        let digits = text.compactMap(\.hexDigitValue)
        guard digits.count == text.count, digits.count % 2 == 0 else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}

extension [UInt8] {
    package var hexadecimal: String { map { String(format: "%02x", $0) }.joined() }
}
