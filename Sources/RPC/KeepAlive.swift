internal import NIOCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

// A client whose machine went away without a word is noticed: when it is silent it is asked whether it is there, and when it is
// sent something it has to acknowledge that in time.

extension ChannelOption where Self == ChannelOptions.Types.SocketOption {
    /// Silence after which the peer is asked.
    static var keepAliveIdleSeconds: Self { tcp(TCP_KEEPIDLE) }
    /// From one question to the next.
    static var keepAliveIntervalSeconds: Self { tcp(TCP_KEEPINTVL) }
    /// Questions without an answer after which the connection is over.
    static var keepAliveProbes: Self { tcp(TCP_KEEPCNT) }
    /// How long what was sent may stay without acknowledgement, and what is to be sent without room for it.
    static var userTimeoutMilliseconds: Self { tcp(TCP_USER_TIMEOUT) }

    private static func tcp(_ option: CInt) -> Self {
        ChannelOptions.Types.SocketOption(level: .tcp, name: NIOBSDSocket.Option(rawValue: option))
    }
}
