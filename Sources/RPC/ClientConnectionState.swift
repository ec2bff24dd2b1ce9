/// The life of a connection as the client sees it, without a socket: events go in, what is to be done comes out.
///
/// ```
/// greeting --hello--> open --goodbye--> retired --nothing pending--> closed
/// ```
package struct ClientConnectionState: Sendable {
    package enum Phase: Hashable, Sendable { case greeting, open, retired, closed }

    package private(set) var phase = Phase.greeting
    /// Why it takes no more requests.
    package private(set) var ending: RPCError?

    package init() {}

    package enum FrameAction: Hashable, Sendable {
        /// Its message is a hello.
        case greet
        /// An answer to the request with this id; perhaps nobody waits for it any more.
        case answer(UInt64)
        /// Its message says why the server ends the connection.
        case retire
        /// The server does not follow the protocol.
        case close
    }

    package func receive(_ header: FrameHeader) -> FrameAction {
        guard header.isResponse else { return .close }
        if header.requestID != 0 { return phase == .greeting ? .close : .answer(header.requestID) }
        if header.status != 0 { return .retire }
        return phase == .greeting && header.operation == Operation.hello.rawValue ? .greet : .close
    }

    /// Whether the server speaks this build's protocol.
    package mutating func greet(protocolVersion: UInt32) -> Bool {
        guard protocolVersion == rpcProtocolVersion else { return false }
        if phase == .greeting { phase = .open }
        return true
    }

    /// What a new request fails with, without having been sent; nil when it can be sent.
    package var refusal: RPCError? {
        switch phase {
        case .open: nil
        case .greeting: RPCError(.unavailable, "the connection is not ready")
        case .retired, .closed: ending ?? RPCError(.connectionLost)
        }
    }

    package mutating func retire(_ error: RPCError) {
        guard phase != .closed else { return }
        phase = .retired
        ending = ending ?? error
    }

    package mutating func closed(_ error: RPCError) {
        phase = .closed
        ending = ending ?? error
    }

    /// Whether nobody waits on a connection that takes no more requests.
    package func isDone(pending: Int) -> Bool { phase == .retired && pending == 0 }
}
