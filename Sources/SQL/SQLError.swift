/// Why a file of SQL cannot be read or deployed, and where in it.
package struct SQLError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// The text is no SQL that Maser reads.
        case syntax
        /// A name that nothing has, or that something else has already.
        case name
        /// An expression or a clause that does not fit where it stands.
        case meaning
        /// What this Maser does not have.
        case unsupported
        /// What is deployed differs from what the file says.
        case conflict
    }

    package let code: Code
    package let file: String
    /// Both from 1; columns count Unicode scalars.
    package let line: Int
    package let column: Int
    /// The line as it stands in the file; of a long one the part around the place.
    package let lineText: String
    package let message: String
    /// What would be right.
    package let hint: String?
    /// Where in `lineText` the caret points.
    private let caretOffset: Int

    init(
        _ code: Code, file: String, line: Int, column: Int, lineText: String, caretOffset: Int, message: String,
        hint: String?
    ) {
        self.code = code
        self.file = file
        self.line = line
        self.column = column
        self.lineText = lineText
        self.caretOffset = caretOffset
        self.message = message
        self.hint = hint
    }

    /// `file:line:column: message`, the line with a caret below the place, and the hint.
    package var description: String {
        // Tabs stay tabs, so that the caret stands where the terminal puts the character above it.
        let indent = String(
            String.UnicodeScalarView(lineText.unicodeScalars.prefix(caretOffset).map { $0 == "\t" ? "\t" : " " }))
        var text = "\(file):\(line):\(column): \(message)\n  \(lineText)\n  \(indent)^"
        if let hint { text += "\nhint: \(hint)" }
        return text
    }
}
