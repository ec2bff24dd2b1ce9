/// What stops a processor, or makes it try again.
package struct ProcessorsError: Error, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// A table's source and its input table do not fit each other; the deploy should have refused it.
        case invalidPlan
        /// A stored position lies outside its log: one of the two lost data, and going on would lose more in silence.
        case positionOutsideLog
        /// A batch of the log, or what a table store holds, is not what was written.
        case corruption
        /// The log could not be read.
        case readFailed
        /// Dead letters could not be made durable.
        case appendFailed
        /// A checkpoint could not be written.
        case commitFailed
    }

    package let code: Code
    package let message: String
    package let cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// Whether the same work may succeed later: the disk may have room again.
    package var isTransient: Bool {
        switch code {
        case .readFailed, .appendFailed, .commitFailed: true
        case .invalidPlan, .positionOutsideLog, .corruption: false
        }
    }

    package var description: String {
        if let cause { "\(message): \(cause)" } else { message }
    }
}
