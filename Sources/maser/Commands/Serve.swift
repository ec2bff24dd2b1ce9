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

    @Flag(help: "Serve without TLS; on loopback only.")
    var plaintext = false

    @Option(help: "HOST:PORT of health and metrics, by default 127.0.0.1:\(ServerConfiguration.defaultOperationsPort).")
    var operations: String?

    @Option(help: "For caches and write buffers, such as 512MiB or 8GiB; by default 1GiB.")
    var memory: String?

    @Option(help: "Shards of every table, a power of two; counts only when the data folder is made. By default 64.")
    var shards: Int?

    @Option(help: "Versions of a table that its app keeps, the serving one counted; by default 3.")
    var versions: Int?

    mutating func run() async throws {
        var configuration = ServerConfiguration(dataDirectory: data)
        if let config { try await configuration.apply(file: config) }
        if let endpoint { try configuration.apply(endpoint: endpoint) }
        if let operations { try configuration.apply(operations: operations) }
        if let memory { try configuration.apply(memory: memory) }
        if let shards { try configuration.apply(shards: shards) }
        if let versions { try configuration.apply(versions: versions) }
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
