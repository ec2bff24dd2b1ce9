internal import ArgumentParser
internal import Logging
internal import Server

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the server; SIGTERM drains and stops it.",
        discussion: """
            Everything is kept in one data folder, which is made when it is missing and serves one server at a time.

              maser certs certs
              maser serve --data data --ca certs/ca.pem \\
                  --cert certs/server.pem --key certs/server.key

            With --ca only clients that show a certificate of that CA are let in. The flags may stand in a JSON file, \
            by their names, and those on the command line win:

              {"endpoint": "0.0.0.0:7420", "ca": "/etc/maser/ca.pem",
               "cert": "/etc/maser/server.pem", "key": "/etc/maser/server.key",
               "memory": "8GiB"}

            With --grants a file says who may do what. A line names callers (by their certificates: a URI, DNS name, e-mail \
            address or common name; * and ? are patterns), rights and what they are on; lines add up, and what no line \
            grants is refused. `limit` lines say how much a caller may ask for in a second; the last that names it counts:

              # caller   rights       what
              web-*      read         table delay_*
              feeder     append,read  category flights
              nightly    load         table airports
              ops        admin        *
              web-*      limit        requests=10000 bytes=50MiB

            Rights are read, append, load and admin, which is all of them. Certificates and grants are read again when they \
            change, or on SIGHUP; connections stay.

            /healthz, /readyz and /metrics are plain HTTP on the operations port.
            """)

    @Option(help: "The folder that holds everything.")
    var data: String

    @Option(help: "A JSON file with these flags by their names.")
    var config: String?

    @Option(
        help:
            "HOST:PORT to listen on, by default 127.0.0.1:\(ServerConfiguration.defaultPort); port 0 takes a free one.")
    var endpoint: String?

    @Option(help: "PEM file of the CA whose certificates clients must show.")
    var ca: String?

    @Option(help: "PEM file of the server's certificate.")
    var cert: String?

    @Option(help: "PEM file of its private key.")
    var key: String?

    @Option(help: "The least version of TLS, 1.3 or 1.2; by default 1.3.")
    var tls: String?

    @Option(help: "A file that says who may do what; without one whoever is let in may do everything.")
    var grants: String?

    @Flag(help: "Serve without TLS; on loopback only.")
    var plaintext = false

    @Option(help: "HOST:PORT of health and metrics, by default 127.0.0.1:\(ServerConfiguration.defaultOperationsPort).")
    var operations: String?

    @Option(help: "For caches and write buffers, such as 512MiB or 8GiB; by default 1GiB.")
    var memory: String?

    @Option(
        help: "Of the memory, for rows that are asked for often; by default about a tenth. 0 keeps none.")
    var hotRows: String?

    @Option(help: "Shards of every table, a power of two; counts only when the data folder is made. By default 64.")
    var shards: Int?

    @Option(help: "Versions of a table that its app keeps, the serving one counted; by default 3.")
    var versions: Int?

    @Option(
        help:
            "How old a table that follows a category may be while /readyz says ready, such as 30s, or none; by default 5min."
    )
    var maxLag: String?

    @Option(
        help:
            "Clients' connections at a time; more are refused. By default 16384, or what the limit of open files lets it have."
    )
    var connections: Int?

    mutating func run() async throws {
        var configuration = ServerConfiguration(dataDirectory: data)
        if let config { try await configuration.apply(file: config) }
        if let endpoint { try configuration.apply(endpoint: endpoint) }
        if let operations { try configuration.apply(operations: operations) }
        if let memory { try configuration.apply(memory: memory) }
        if let hotRows { try configuration.apply(hotRows: hotRows) }
        if let shards { try configuration.apply(shards: shards) }
        if let versions { try configuration.apply(versions: versions) }
        if let maxLag { try configuration.apply(maxLag: maxLag) }
        if let connections { try configuration.apply(connections: connections) }
        if let tls { try configuration.apply(tls: tls) }
        configuration.grants = grants ?? configuration.grants
        configuration.certificateAuthority = ca ?? configuration.certificateAuthority
        configuration.certificate = cert ?? configuration.certificate
        configuration.privateKey = key ?? configuration.privateKey
        configuration.isPlaintext = plaintext || configuration.isPlaintext

        let logger = Logger(label: "maser") { StreamLogHandler.standardError(label: $0) }
        try await MaserServer.run(configuration, logger: logger) { line in
            Output.standard.line(line)
            Output.standard.flush()
        }
    }
}
