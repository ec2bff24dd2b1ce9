/// A file of SQL. Places in it are offsets into its UTF-8; they become lines and columns only when somebody must read them.
struct SourceText: Sendable {
    let file: String
    let bytes: [UInt8]

    init(_ text: String, file: String) {
        self.file = file
        bytes = [UInt8](text.utf8)
    }

    func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    func error(_ code: SQLError.Code, at place: Int, _ message: String, hint: String? = nil) -> SQLError {
        let offset = min(place, bytes.count)
        let lineStart = (bytes[..<offset].lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
        let (excerpt, caret) = excerpt(around: offset, from: lineStart)
        return SQLError(
            code, file: file, line: bytes[..<offset].count { $0 == UInt8(ascii: "\n") } + 1,
            column: bytes[lineStart..<offset].count(where: Self.startsScalar) + 1, lineText: excerpt,
            caretOffset: caret, message: message, hint: hint)
    }

    /// Scalars on each side of the place, at most.
    private static let excerptReach = 80

    /// The line, or of a long one the part around the place; and where in it the place is.
    private func excerpt(around offset: Int, from lineStart: Int) -> (text: String, caret: Int) {
        var start = offset
        var before = 0
        while start > lineStart, before < Self.excerptReach {
            start -= 1
            if Self.startsScalar(bytes[start]) { before += 1 }
        }
        var end = offset
        var after = 0
        while end < bytes.count, bytes[end] != UInt8(ascii: "\n") {
            if Self.startsScalar(bytes[end]) {
                if after == Self.excerptReach { break }
                after += 1
            }
            end += 1
        }
        let isCut = end < bytes.count && bytes[end] != UInt8(ascii: "\n")
        if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        let head = start > lineStart ? "..." : ""
        return (head + printable(start..<end) + (isCut ? "..." : ""), head.count + before)
    }

    /// Control characters would play tricks on a terminal; tabs only move the caret's line along.
    private func printable(_ range: Range<Int>) -> String {
        let scalars = text(range).unicodeScalars.map { scalar -> Unicode.Scalar in
            let isControl = scalar.value < 0x20 || (0x7f..<0xa0).contains(scalar.value)
            return isControl && scalar != "\t" ? "\u{fffd}" : scalar
        }
        return String(String.UnicodeScalarView(scalars))
    }

    private static func startsScalar(_ byte: UInt8) -> Bool { byte & 0xc0 != 0x80 }
}
