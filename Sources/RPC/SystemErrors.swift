internal import NIOCore
internal import NIOPosix

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A socket's error in the words of the system, without where in the library it came up.
func reason(of error: any Error) -> String {
    switch error {
    case let error as RPCError: return error.message
    case let error as IOError: return String(cString: strerror(error.errnoCode))
    case let error as NIOConnectionError:
        if let first = error.connectionErrors.first { return reason(of: first.error) }
        return "no such host"
    case let error as SocketAddressError: return "\(error)"
    case is ChannelError: return "\(error)"
    default: return "\(error)"
    }
}

extension SocketAddress {
    var isLoopback: Bool {
        switch self {
        case .v4: ipAddress?.hasPrefix("127.") == true
        case .v6: ipAddress == "::1"
        case .unixDomainSocket: true
        }
    }
}
