public import NIOCore

/// How a client speaks to its server.
public struct ClientConfiguration: Sendable {
    public enum Security: Sendable {
        /// Paths of PEM files. `ca`: who must have signed the server's certificate; nil for the CAs that the system
        /// trusts. `certificate` and `key`: what the client shows where the server asks for it (mutual TLS).
        case tls(ca: String?, certificate: String? = nil, key: String? = nil)
        /// Only for a server on this machine that was started to speak so.
        case plaintext
    }

    public var endpoint: Endpoint
    public var security: Security
    /// How many connections are shared by all calls. More than one lets several cores work; they are made when there is use for
    /// them.
    public var connections: Int
    /// How long a call may take, tries and all, unless it says otherwise. The server knows of it, and drops what nobody waits for.
    public var timeout: Duration
    /// A second request for slow reads; nil: none, unless a call says otherwise.
    public var hedging: Hedging?
    /// How connections are found to be dead.
    public var healthChecks: HealthChecks
    /// The threads that the connections run on; nil for those that all of SwiftNIO shares.
    public var eventLoopGroup: (any EventLoopGroup)?

    public init(
        endpoint: Endpoint, security: Security, connections: Int = 4, timeout: Duration = .seconds(5),
        hedging: Hedging? = nil, healthChecks: HealthChecks = HealthChecks(),
        eventLoopGroup: (any EventLoopGroup)? = nil
    ) {
        self.endpoint = endpoint
        self.security = security
        self.connections = connections
        self.timeout = timeout
        self.hedging = hedging
        self.healthChecks = healthChecks
        self.eventLoopGroup = eventLoopGroup
    }
}
