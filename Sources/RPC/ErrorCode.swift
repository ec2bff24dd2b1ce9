/// The one registry of what can go wrong with a request: the status of a frame's header. 0 says that nothing did.
///
/// DO NOT CHANGE THESE NUMBERS: they are on the wire, and Protocols/frames.md lists them.
package enum ErrorCode: UInt16, Hashable, Sendable, CaseIterable {
    // The peer does not follow the protocol.
    case malformedFrame = 1
    case unsupportedProtocol = 2
    case unknownOperation = 3
    case malformedMessage = 4
    case frameTooLarge = 5

    // The request cannot be served as it is.
    /// There is no such table, category, app or load. (A row that is not there is a value, not an error.)
    case notFound = 16
    case invalidArgument = 17
    /// Understood, but not safe or not possible as things stand: a changed app, a load of another table's version.
    case refused = 18
    case sqlError = 19
    /// The producer's epoch has ended: somebody has begun a later one.
    case fenced = 20
    /// The append is so far behind its producer's others that nobody remembers whether it landed.
    case sequenceTooOld = 21
    /// A load that was adopted before, and would be once more.
    case doneBefore = 22
    /// The version that the request is bound to, by its pin or its continuation, is gone.
    case versionGone = 23
    /// The caller has no grant for it.
    case forbidden = 24

    // Not now.
    case overloaded = 32
    case deadlineExceeded = 33
    case unavailable = 34
    /// The table is older than the request allows.
    case stale = 35

    // The server's own trouble.
    case storageFailure = 48
    case diskFull = 49
    case `internal` = 50

    // Never on the wire: what a client says of its own connection.
    case connectionFailed = 1024
    case connectionLost = 1025
    case tlsFailed = 1026
    case cancelled = 1027

    /// Whether the same request can succeed later without anybody changing it.
    package var isRetriable: Bool {
        switch self {
        case .overloaded, .deadlineExceeded, .unavailable, .stale, .connectionFailed, .connectionLost: true
        default: false
        }
    }

    /// Whether a response with this code leaves open if the request has taken effect. After all others nothing has.
    package var leavesOutcomeOpen: Bool {
        switch self {
        case .storageFailure, .internal: true
        default: false
        }
    }

    /// What to tell a person when nobody knows more.
    package var message: String {
        switch self {
        case .malformedFrame: "the peer sent bytes that are no frame"
        case .unsupportedProtocol: "the peer speaks another version of the protocol"
        case .unknownOperation: "the server does not know this operation; it may be older than the client"
        case .malformedMessage: "the message of the request cannot be read"
        case .frameTooLarge: "the frame exceeds the limit; ask for less at once"
        case .notFound: "there is no such thing"
        case .invalidArgument: "an argument does not fit"
        case .refused: "the request was refused"
        case .sqlError: "the SQL cannot be accepted"
        case .fenced: "somebody has begun a later epoch of this producer"
        case .sequenceTooOld: "the append is too far behind its producer's others to know whether it landed"
        case .doneBefore: "this was done before"
        case .versionGone: "the version that was asked for is gone; begin anew on the one that serves"
        case .forbidden: "the caller has no grant for this"
        case .overloaded: "the server has too much to do; try again later"
        case .deadlineExceeded: "the deadline passed before there was an answer"
        case .unavailable: "the server is starting or stopping; try again later"
        case .stale: "the table is older than the request allows; try again later"
        case .storageFailure: "the server cannot read or write its data"
        case .diskFull: "the server's disk is full"
        case .internal: "the server failed"
        case .connectionFailed: "the server cannot be reached"
        case .connectionLost: "the connection was lost"
        case .tlsFailed: "TLS could not be set up"
        case .cancelled: "the request was cancelled"
        }
    }
}
