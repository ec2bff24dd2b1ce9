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
    package var connections = 16384
    /// From the TCP connection to the end of the TLS handshake, and from there to the first frame.
    package var handshakeTimeout: TimeAmount = .seconds(10)
    /// TLS handshakes under way at once. Beyond it those that have had `handshakePatience` make room, and while there are none
    /// newcomers are refused.
    package var handshakes = 1024
    package var handshakePatience: TimeAmount = .seconds(1)
    /// How long a stopping listener waits for what is in flight.
    package var drainTimeout: TimeAmount = .seconds(30)

    // What one client may cost the others.

    /// Bytes that one read takes from the socket: what a connection can ask for before it is the others' turn.
    package var readBytes = 32 << 10
    /// What is served of a connection in one turn; the rest of what it sent waits until others have had theirs. A request
    /// counts 1, and what it costs beyond that by the measure of a key that is looked up.
    package var workPerTurn = 2048
    /// Answers leave before a burst ends when so much has gathered; and while so much waits to be read, no large one is begun.
    package var gatheredBytes = 256 << 10
    /// Of a connection's scans and reads that wait for the one before them.
    package var waitingBytes = 1 << 20
    /// A client that does not read its answers, or does not finish the frame that it has begun, is dropped after this time.
    package var stallTimeout: TimeAmount = .seconds(30)
    /// What a client has to take of its answers, or send of its frame, within that time, to count as alive.
    package var stallBytes = 16 << 10
    /// Of large frames that have begun and not ended, all connections together; a client whose frame goes beyond it is dropped.
    package var partialFrameBytes = 256 << 20
    /// Answers that wait for a client to read them: beyond it nothing is begun for it.
    package var unsentBytes = 8 << 20
    /// Beyond it, when what had begun before is added, the client is dropped.
    package var greatestUnsentBytes = 64 << 20

    package init() {}
}
