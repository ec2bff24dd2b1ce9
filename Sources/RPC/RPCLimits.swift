package import NIOCore

/// Everything that a peer could ask too much of has a limit, and a limit has a name.
package struct RPCLimits: Sendable {
    /// Header and message of one frame, either way.
    package var frameBytes = 16 << 20
    /// Of the first frame, which a stranger may send.
    package var helloBytes = 4096
    /// Requests that one connection may have unanswered; more are refused as overloaded.
    package var requestsInFlight = 4096
    /// Requests that a client sends before it waits for answers; more wait on its side.
    package var requestsSent = 1024
    package var connections = 4096
    /// From the TCP connection to the end of the TLS handshake, and from there to the first frame.
    package var handshakeTimeout: TimeAmount = .seconds(10)
    /// How long a stopping listener waits for what is in flight.
    package var drainTimeout: TimeAmount = .seconds(30)

    package init() {}
}
