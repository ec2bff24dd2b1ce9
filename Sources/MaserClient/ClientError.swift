package import RPC

/// Why a call of the client failed, in words for a person, and what a program can do about it.
public struct ClientError: Error, Sendable, CustomStringConvertible {
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// There is no such table, category or app. (A row that is not there is `nil`, not an error.)
        case notFound
        /// A key, a range or a setting does not fit.
        case invalidArgument
        /// The server understood, and will not do it as things stand. The message says what would be right.
        case refused
        /// The SQL cannot be accepted. The message has file, line and column.
        case sql
        /// The server has too much to do.
        case overloaded
        /// The table is older than the call allows. The message says how old it is.
        case stale
        /// The version that a call is pinned to, or that a scan began on, was dropped: begin anew on the one that serves.
        case versionGone
        /// The caller's certificate has no grant for it.
        case forbidden
        /// There was no answer in time.
        case deadlineExceeded
        /// The server is starting or stopping, or the client was closed.
        case unavailable
        /// The server cannot be reached.
        case connectionFailed
        /// TLS could not be set up: a certificate is missing, wrong or expired.
        case tls
        /// An append, or another change, was sent, and its time was over before there was an answer that says what came of it. It
        /// may have been done or not. Whoever repeats it may have it done twice.
        case unknownOutcome
        /// Another has opened the producer since, and appends in its place.
        case fenced
        /// What was asked for or answered does not fit into one frame: ask for less at once.
        case tooLarge
        /// A row has no value of the type that it is read as.
        case decoding
        /// Client and server do not understand each other; one may be older than the other.
        case protocolViolation
        /// The task was cancelled.
        case cancelled
        /// The server cannot read or write its data.
        case storageFailure
        /// The server's disk is full.
        case diskFull
        /// The server failed.
        case serverFailure
    }

    public let code: Code
    /// One line for a person; several where a place in SQL is shown.
    public let message: String
    /// Whether the same call can succeed later without anybody changing anything. The client has tried again already,
    /// as often as time allowed.
    public let isRetriable: Bool
    public let cause: (any Error)?

    init(_ code: Code, _ message: String, isRetriable: Bool = false, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.isRetriable = isRetriable
        self.cause = cause
    }

    /// What to do about it.
    public var advice: String { code.advice }

    public var description: String { message }
}

extension ClientError: CustomDebugStringConvertible {
    public var debugDescription: String { "\(code.rawValue): \(message); \(advice)" }
}

extension ClientError {
    /// Refused only because it was done before, by whoever called.
    package var isDoneBefore: Bool { (cause as? RPCError)?.code == .doneBefore }

    /// `changesSomething`: whether it matters that the request may have been done.
    package init(_ error: RPCError, changesSomething: Bool = false) {
        if changesSomething && error.mayHaveBeenDone {
            self.init(.unknownOutcome, "\(error.message); whether it was done is not known", cause: error)
        } else {
            self.init(Code(of: error.code), error.message, isRetriable: error.isRetriable, cause: error)
        }
    }
}

extension ClientError.Code {
    /// What to do about an error of this kind.
    public var advice: String {
        switch self {
        case .notFound: "check the name: maser tables, maser categories and maser describe show what there is"
        case .invalidArgument: "correct what the message names"
        case .refused: "do first what the message asks for"
        case .sql: "correct the SQL at the place that is shown"
        case .overloaded: "call again later, ask for less at once, or have a quota raised"
        case .stale: "allow more staleness, let the call wait (waitsUntilFresh), or see in maser status what is behind"
        case .versionGone: "begin anew, without the version"
        case .forbidden: "have a grant added for this certificate's name, or use another certificate"
        case .deadlineExceeded: "call again, or give the call a longer timeout"
        case .unavailable: "call again when the server has started; of a closed client, make a new one"
        case .connectionFailed: "check the endpoint, and that the server runs and can be reached from here"
        case .tls: "check the paths, names and dates of the certificates on both sides"
        case .unknownOutcome: "find out whether it was done before doing it again"
        case .fenced: "let the new producer append, or open the category again to take its place"
        case .tooLarge: "ask for less, or send less, at once"
        case .decoding: "make the type fit the table: maser describe shows its columns and their types"
        case .protocolViolation: "use a client and a server that fit each other"
        case .cancelled: "nothing: the task that called was cancelled"
        case .storageFailure: "see the server's log and its disks"
        case .diskFull: "make room on the server's disk, then call again"
        case .serverFailure: "see the server's log, and report it"
        }
    }

    fileprivate init(of code: ErrorCode) {
        self =
            switch code {
            case .notFound: .notFound
            case .invalidArgument: .invalidArgument
            case .refused, .doneBefore: .refused
            case .sqlError: .sql
            case .fenced: .fenced
            case .sequenceTooOld: .unknownOutcome
            case .versionGone: .versionGone
            case .forbidden: .forbidden
            case .overloaded: .overloaded
            case .stale: .stale
            case .deadlineExceeded: .deadlineExceeded
            case .unavailable: .unavailable
            case .connectionFailed, .connectionLost: .connectionFailed
            case .tlsFailed: .tls
            case .frameTooLarge: .tooLarge
            case .malformedFrame, .unsupportedProtocol, .unknownOperation, .malformedMessage: .protocolViolation
            case .cancelled: .cancelled
            case .storageFailure: .storageFailure
            case .diskFull: .diskFull
            case .internal: .serverFailure
            }
    }
}
