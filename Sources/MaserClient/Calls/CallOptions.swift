internal import NIOCore

/// How one call is made, whatever it asks for.
struct CallOptions: Sendable {
    /// Of the whole call, tries and all.
    var deadline: NIODeadline
    var kind = RequestKind.read
    var hedging: Hedging?
}
