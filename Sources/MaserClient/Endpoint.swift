/// Where a server listens: `host:port`, `host`, `[::1]:port` or `::1`.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// The port of a Maser server unless configured otherwise.
    public static let defaultPort = 7420

    public let host: String
    public let port: Int

    public init(host: String, port: Int = Endpoint.defaultPort) {
        self.host = host
        self.port = port
    }

    /// Throws `invalidArgument` for what is no endpoint.
    public init(_ text: String) throws(ClientError) {
        let (host, port) = Self.split(text)
        guard !host.isEmpty, let port, (1...65_535).contains(port) else {
            throw ClientError(
                .invalidArgument, "\"\(text)\" is no endpoint: write HOST:PORT, such as 127.0.0.1:\(Self.defaultPort)")
        }
        self.init(host: host, port: port)
    }

    private static func split(_ text: String) -> (host: String, port: Int?) {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return ("", nil) }
            let host = String(text[text.index(after: text.startIndex)..<end])
            let rest = text[text.index(after: end)...]
            if rest.isEmpty { return (host, defaultPort) }
            return (host, rest.hasPrefix(":") ? Int(rest.dropFirst()) : nil)
        }
        // More than one colon: an IPv6 address without a port.
        guard text.count(where: { $0 == ":" }) == 1, let colon = text.firstIndex(of: ":") else {
            return (text, defaultPort)
        }
        return (String(text[..<colon]), Int(text[text.index(after: colon)...]))
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
