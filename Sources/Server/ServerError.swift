/// Why the server could not start, or could not go on. `message` is one line for the person who started it.
package struct ServerError: Error, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        case configuration
        case dataFolder
        case dataFolderInUse
        case storage
        case network
    }

    package let code: Code
    package let message: String
    package let cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var description: String { message }
}
