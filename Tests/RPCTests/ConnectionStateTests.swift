import Testing

@testable import RPC

@Suite("The server's side of a connection's life")
struct ServerConnectionStateTests {
    private func request(_ operation: UInt8, id: UInt64 = 1, flags: UInt8 = 0) -> FrameHeader {
        FrameHeader(messageLength: 0, operation: operation, flags: flags, requestID: id)
    }

    private func serving(requestsInFlight: Int = 2) -> ServerConnectionState {
        var limits = RPCLimits()
        limits.requestsInFlight = requestsInFlight
        var state = ServerConnectionState(limits: limits)
        _ = state.greet(protocolVersion: 1)
        return state
    }

    @Test("the first frame is a hello, and a small one")
    func greeting() {
        var state = ServerConnectionState(limits: RPCLimits())
        #expect(state.frameLimit == 4096)
        expect(state.receive(request(2)), .close(.malformedFrame))
        expect(state.receive(request(1, id: 0)), .greet)
        expect(state.greet(protocolVersion: 2), .close(.unsupportedProtocol))
        #expect(state.phase == .greeting)
        expect(state.greet(protocolVersion: 1), .accept)
        #expect(state.phase == .serving)
        #expect(state.frameLimit == 16 << 20)
    }

    @Test("an unknown operation is refused, and the connection goes on")
    func unknownOperation() {
        var state = serving()
        expect(state.receive(request(200)), .refuse(.unknownOperation))
        expect(state.receive(request(1)), .refuse(.unknownOperation))
        expect(state.receive(request(2)), .serve(.get))
    }

    @Test("a response, or a request with the connection's own id, ends it")
    func violations() {
        var state = serving()
        expect(state.receive(request(2, flags: 1)), .close(.malformedFrame))
        expect(state.receive(request(2, id: 0)), .close(.malformedFrame))
    }

    @Test("requests beyond the limit are refused until others are answered")
    func requestsInFlight() {
        var state = serving(requestsInFlight: 2)
        expect(state.receive(request(2)), .serve(.get))
        expect(state.receive(request(2)), .serve(.get))
        expect(state.receive(request(2)), .refuse(.overloaded))
        state.answered()
        expect(state.receive(request(2)), .serve(.get))
        #expect(state.inFlight == 2)
    }

    @Test("draining waits for what is in flight and refuses the rest")
    func draining() {
        var state = serving()
        expect(state.receive(request(16)), .serve(.append))
        expect(state.drain(), .sayGoodbye)
        expect(state.drain(), .nothing)
        expect(state.receive(request(2)), .refuse(.unavailable))
        #expect(!state.isDrained)
        state.answered()
        #expect(state.isDrained)
    }

    @Test("a connection that never said hello is closed at once when the server stops")
    func drainingBeforeHello() {
        var state = ServerConnectionState(limits: RPCLimits())
        expect(state.drain(), .close)
        expect(state.receive(request(1, id: 0)), .ignore)
    }
}

@Suite("The client's side of a connection's life")
struct ClientConnectionStateTests {
    private func response(id: UInt64, status: UInt16 = 0, flags: UInt8 = 1, operation: UInt8 = 1) -> FrameHeader {
        FrameHeader(messageLength: 0, operation: operation, flags: flags, status: status, requestID: id)
    }

    @Test("it takes requests once the server has said hello in its protocol")
    func greeting() {
        var state = ClientConnectionState()
        #expect(state.refusal?.code == .unavailable)
        expect(state.receive(response(id: 7)), .close)
        expect(state.receive(response(id: 0)), .greet)
        expect(state.greet(protocolVersion: 9), false)
        expect(state.greet(protocolVersion: 1), true)
        #expect(state.refusal == nil)
        expect(state.receive(response(id: 7)), .answer(7))
    }

    @Test("a goodbye lets pending requests finish and refuses new ones with its reason")
    func goodbye() {
        var state = ClientConnectionState()
        _ = state.greet(protocolVersion: 1)
        expect(state.receive(response(id: 0, status: 34)), .retire)
        state.retire(RPCError(.unavailable, "the server is stopping"))
        #expect(state.refusal?.message == "the server is stopping")
        #expect(state.refusal?.isRetriable == true)
        #expect(!state.isDone(pending: 1))
        #expect(state.isDone(pending: 0))
    }

    @Test("a request from the server, or a second hello, ends it")
    func violations() {
        var state = ClientConnectionState()
        _ = state.greet(protocolVersion: 1)
        expect(state.receive(response(id: 7, flags: 0)), .close)
        expect(state.receive(response(id: 0)), .close)
    }

    @Test("the first reason for an end is the one that is told")
    func endings() {
        var state = ClientConnectionState()
        state.closed(RPCError(.tlsFailed, "first"))
        state.closed(RPCError(.connectionLost, "second"))
        #expect(state.ending?.message == "first")
    }
}

/// `#expect` takes no calls that change their receiver.
private func expect<T: Equatable>(_ value: T, _ expected: T, at location: SourceLocation = #_sourceLocation) {
    #expect(value == expected, sourceLocation: location)
}
