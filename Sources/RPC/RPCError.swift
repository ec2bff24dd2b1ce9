/// Why a request, a connection or a listener failed. Both ends use it; a server's travels as a `WireFailure`.
package struct RPCError: Error, Sendable, CustomStringConvertible {
    package var code: ErrorCode
    /// One line for a person, or several where a place in a text is shown.
    package var message: String
    /// Whether the same request can succeed later. A newer server says so of codes that this build does not know.
    package var isRetriable: Bool
    /// Whether the request may have taken effect although it failed. Only a client's error can say so.
    package var mayHaveBeenDone: Bool
    package var cause: (any Error)?

    package init(
        _ code: ErrorCode, _ message: String? = nil, mayHaveBeenDone: Bool = false, cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message ?? code.message
        self.isRetriable = code.isRetriable
        self.mayHaveBeenDone = mayHaveBeenDone
        self.cause = cause
    }

    package var description: String { message }
}

extension RPCError {
    var wire: WireFailure {
        var failure = WireFailure()
        failure.code = UInt32(code.rawValue)
        failure.message = message
        failure.retriable = isRetriable
        return failure
    }

    /// What a response of a status other than 0 says.
    init(status: UInt16, failure: WireFailure) {
        let code = ErrorCode(rawValue: status) ?? .internal
        self.init(
            code, failure.message.isEmpty ? nil : failure.message, mayHaveBeenDone: code.leavesOutcomeOpen)
        isRetriable = failure.retriable
    }
}
