/// Bytes that are not what their format says.
package struct BytesError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// The input ends inside a value.
        case truncated
        /// The input holds something that its format does not allow.
        case malformed
        /// A value that has no encoding: NaN in a key.
        case unencodable
    }

    package let code: Code
    package let message: String

    @inlinable
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
