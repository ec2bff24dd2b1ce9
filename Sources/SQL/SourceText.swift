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

    func error(_ code: SQLError.Code, at offset: Int, _ message: String, hint: String? = nil) -> SQLError {
        let before = bytes[..<min(offset, bytes.count)]
        let lineStart = (before.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
        let lineEnd = bytes[lineStart...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        let line = Array(text(lineStart..<lineEnd).unicodeScalars.prefix { $0 != "\r" })
        let column = text(lineStart..<before.endIndex).unicodeScalars.count
        let (excerpt, caret) = Self.excerpt(of: line, around: min(column, line.count))
        return SQLError(
            code, file: file, line: before.count { $0 == UInt8(ascii: "\n") } + 1, column: column + 1,
            lineText: excerpt, caretOffset: caret, message: message, hint: hint)
    }

    private static let widestLine = 160

    private static func excerpt(of line: [Unicode.Scalar], around place: Int) -> (text: String, caret: Int) {
        guard line.count > widestLine else { return (string(line[...]), place) }
        let start = max(0, min(place - widestLine / 2, line.count - widestLine))
        let end = min(line.count, start + widestLine)
        let head = start > 0 ? "..." : ""
        return (head + string(line[start..<end]) + (end < line.count ? "..." : ""), place - start + head.count)
    }

    /// Control characters would play tricks on a terminal.
    private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        String(
            String.UnicodeScalarView(
                scalars.map { $0 != "\t" && ($0.value < 0x20 || (0x7f..<0xa0).contains($0.value)) ? "\u{fffd}" : $0 }))
    }
}
