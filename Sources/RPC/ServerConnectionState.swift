/// The life of a connection as the server sees it, without a socket: events go in, what is to be done comes out.
///
/// ```
/// greeting --hello--> serving --drain--> draining --nothing in flight--> closed
/// ```
package struct ServerConnectionState: Sendable {
    package enum Phase: Hashable, Sendable { case greeting, serving, draining, closed }

    package private(set) var phase = Phase.greeting
    /// Requests that were handed to the handler and have no answer yet.
    package private(set) var inFlight = 0
    private let limits: RPCLimits

    package init(limits: RPCLimits) {
        self.limits = limits
    }

    /// What the length of the next frame may be.
    package var frameLimit: Int { phase == .greeting ? limits.helloBytes : limits.frameBytes }

    package enum FrameAction: Hashable, Sendable {
        /// Its message is a hello.
        case greet
        case serve(Operation)
        /// Answer this request with a failure; the connection goes on.
        case refuse(ErrorCode)
        /// Say why and close.
        case close(ErrorCode)
        case ignore
    }

    package mutating func receive(_ header: FrameHeader) -> FrameAction {
        switch phase {
        case .closed: return .ignore
        case .greeting: return header.operation == Operation.hello.rawValue ? .greet : .close(.malformedFrame)
        case .serving, .draining: break
        }
        guard !header.isResponse, header.requestID != 0 else { return .close(.malformedFrame) }
        if phase == .draining { return .refuse(.unavailable) }
        guard let operation = Operation(rawValue: header.operation), operation != .hello else {
            return .refuse(.unknownOperation)
        }
        guard inFlight < limits.requestsInFlight else { return .refuse(.overloaded) }
        inFlight += 1
        return .serve(operation)
    }

    package enum GreetingAction: Hashable, Sendable {
        case accept
        case close(ErrorCode)
    }

    package mutating func greet(protocolVersion: UInt32) -> GreetingAction {
        guard protocolVersion == rpcProtocolVersion else { return .close(.unsupportedProtocol) }
        if phase == .greeting { phase = .serving }
        return .accept
    }

    /// So many of the requests to serve were not taken, and will be received again.
    package mutating func putBack(_ count: Int) {
        inFlight -= count
    }

    /// So many of the requests to serve have their answer.
    package mutating func answered(_ count: Int = 1) {
        inFlight -= count
    }

    package enum DrainAction: Hashable, Sendable {
        case nothing
        /// Tell the client to send no more, and wait for what is in flight.
        case sayGoodbye
        case close
    }

    package mutating func drain() -> DrainAction {
        switch phase {
        case .closed, .draining: return .nothing
        case .greeting:
            phase = .closed
            return .close
        case .serving:
            phase = .draining
            return .sayGoodbye
        }
    }

    /// Whether the server stops and owes this client nothing more.
    package var isDrained: Bool { phase == .draining && inFlight == 0 }

    package mutating func closed() {
        phase = .closed
    }
}

/// The protocol that this build speaks.
package let rpcProtocolVersion: UInt32 = 1
