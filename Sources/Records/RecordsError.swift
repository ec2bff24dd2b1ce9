package import Bytes

/// Values, rows, keys or records that are not what their schema or format says.
package struct RecordsError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// Text from a person or a file that does not fit: a key, a value, a record.
        case malformed
        /// Encoded bytes, from a disk or a wire, that are no such key or row.
        case corrupt
        /// A value that has no encoding: NaN in a key.
        case unencodable
    }

    package let code: Code
    package let message: String
    /// Where in a delimited file.
    package let position: TextPosition?
    package let cause: BytesError?

    package init(_ code: Code, _ message: String, position: TextPosition? = nil, cause: BytesError? = nil) {
        self.code = code
        self.message = message
        self.position = position
        self.cause = cause
    }

    package var description: String {
        guard let position else { return message }
        return "line \(position.line), column \(position.column): \(message)"
    }
}

/// A place in a text, for people: both count from 1, the column in characters.
package struct TextPosition: Hashable, Sendable {
    package var line: Int
    package var column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}
