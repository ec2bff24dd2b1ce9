package import RPC
internal import Records

/// Everything that can be set about a server. Flags win over the configuration file, the file over the defaults.
package struct ServerConfiguration: Sendable {
    package static let defaultPort = 7420
    package static let defaultOperationsPort = 7421
    private static let leastHotRowBytes = 1 << 20

    package var dataDirectory: String
    package var host = "127.0.0.1"
    /// 0 takes a free port; the server's first line says which.
    package var port = ServerConfiguration.defaultPort
    /// PEM files. `certificateAuthority` is what callers' certificates are checked against.
    package var certificate: String?
    package var privateKey: String?
    package var certificateAuthority: String?
    /// Only on loopback, and only when asked for by name.
    package var isPlaintext = false
    /// The least version of TLS.
    package var leastTLS = TLSVersion.tls13
    /// Who may do what: a file of lines; nil: everybody who is let in may do everything.
    package var grants: String?
    package var operationsHost = "127.0.0.1"
    package var operationsPort = ServerConfiguration.defaultOperationsPort
    /// For block caches and memtables of all stores together.
    package var memoryBytes = 1 << 30
    /// Of `memoryBytes`, for rows that are asked for often; nil: an eighth of what the tables have.
    package var hotRowBytes: Int?
    /// Takes effect when the data folder is made.
    package var shardCount = 64
    /// Versions of a table that an app fills which are kept and follow, the serving one counted.
    package var versionsKept = 3
    /// How old a table that follows a category may be while the server is ready, unless the table says otherwise; nil: any age.
    package var maxLagMicroseconds: Int64? = 300_000_000
    /// More are refused, with an error that says so; nil: `RPCLimits`, or fewer where the process may not open so many files.
    package var connections: Int?

    package init(dataDirectory: String) {
        self.dataDirectory = dataDirectory
    }

    package mutating func apply(endpoint: String) throws(ServerError) {
        (host, port) = try Self.split(endpoint, flag: "endpoint")
    }

    package mutating func apply(operations: String) throws(ServerError) {
        (operationsHost, operationsPort) = try Self.split(operations, flag: "operations")
    }

    /// `512 MiB`, `2GiB` or a number of bytes.
    package mutating func apply(memory: String) throws(ServerError) {
        guard let bytes = ByteSize.bytes(memory) else {
            throw ServerError(.configuration, "memory is \"\(memory)\"; write a size such as 512MiB or 2GiB")
        }
        guard bytes >= 64 << 20 else {
            throw ServerError(.configuration, "memory is \(memory), but a server needs at least 64 MiB")
        }
        memoryBytes = bytes
    }

    /// `1.3`, or `1.2` for clients that know no other.
    package mutating func apply(tls: String) throws(ServerError) {
        guard let version = TLSVersion(rawValue: tls) else {
            let known = TLSVersion.allCases.map(\.rawValue).joined(separator: " and ")
            throw ServerError(.configuration, "tls is \"\(tls)\"; the least versions that Maser speaks are \(known)")
        }
        leastTLS = version
    }

    /// A size as of memory, which it is part of; 0 for none.
    package mutating func apply(hotRows: String) throws(ServerError) {
        guard let bytes = ByteSize.bytes(hotRows) else {
            throw ServerError(
                .configuration, "hot-rows is \"\(hotRows)\"; write a size such as 128MiB, or 0 for no cache of hot rows"
            )
        }
        guard bytes == 0 || bytes >= Self.leastHotRowBytes else {
            throw ServerError(.configuration, "hot-rows is \(hotRows), but it takes at least 1 MiB, or 0 for none")
        }
        hotRowBytes = bytes
    }

    package mutating func apply(shards: Int) throws(ServerError) {
        guard shards >= 1, shards <= 1 << 15, shards & (shards - 1) == 0 else {
            throw ServerError(.configuration, "shards is \(shards); it takes a power of two up to 32768")
        }
        shardCount = shards
    }

    /// `90s`, `5 min` or `none`.
    package mutating func apply(maxLag: String) throws(ServerError) {
        if maxLag.lowercased() == "none" {
            maxLagMicroseconds = nil
            return
        }
        guard let microseconds = TimeLength.parse(maxLag), microseconds > 0 else {
            throw ServerError(
                .configuration, "max-lag is \"\(maxLag)\"; write \(TimeLength.form), or none")
        }
        maxLagMicroseconds = microseconds
    }

    package mutating func apply(connections: Int) throws(ServerError) {
        guard (1...1_000_000).contains(connections) else {
            throw ServerError(.configuration, "connections is \(connections); it takes a number from 1 to 1000000")
        }
        self.connections = connections
    }

    package mutating func apply(versions: Int) throws(ServerError) {
        guard (1...16).contains(versions) else {
            throw ServerError(.configuration, "versions is \(versions); it takes a number from 1 to 16")
        }
        versionsKept = versions
    }

    /// Says what is missing before anything is opened.
    package func validate() throws(ServerError) {
        if let hotRowBytes, hotRowBytes > memoryBytes / 2 {
            throw ServerError(
                .configuration,
                "hot-rows is part of the memory, and takes up to half of it: \(memoryBytes >> 21) MiB of \(memoryBytes >> 20)"
            )
        }
        let isLoopback = host == "localhost" || host == "::1" || host.hasPrefix("127.")
        if isPlaintext {
            guard isLoopback else {
                throw ServerError(
                    .configuration, "plaintext is served on loopback only, and \(host) is not; give --cert and --key")
            }
            return
        }
        guard certificate != nil, privateKey != nil else {
            throw ServerError(
                .configuration,
                "a server needs a certificate: `maser certs DIR` makes one for development, "
                    + "--cert and --key name it (or --plaintext, on loopback)")
        }
    }

    private static func split(_ address: String, flag: String) throws(ServerError) -> (host: String, port: Int) {
        guard let colon = address.lastIndex(of: ":"), let port = Int(address[address.index(after: colon)...]),
            (0...65535).contains(port)
        else {
            throw ServerError(.configuration, "\(flag) is \"\(address)\"; write HOST:PORT, such as 127.0.0.1:7420")
        }
        var host = String(address[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        return (host.isEmpty ? "0.0.0.0" : host, port)
    }
}
