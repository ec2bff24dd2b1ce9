internal import ArgumentParser
internal import Foundation
internal import MaserClient

/// Which server, and who is asking: flags, else the environment.
struct ConnectionOptions: ParsableArguments {
    @Option(help: "HOST:PORT of the server; or MASER_ENDPOINT, by default 127.0.0.1:7420.")
    var endpoint: String?

    @Option(help: "PEM file of the CA that signed the server's certificate; or MASER_CA.")
    var ca: String?

    @Option(help: "PEM file of your certificate, where the server asks for one; or MASER_CERT.")
    var cert: String?

    @Option(help: "PEM file of its private key; or MASER_KEY.")
    var key: String?

    @Flag(help: "Speak without TLS, to a server that was started with --plaintext.")
    var plaintext = false

    func configuration(connections: Int) throws -> ClientConfiguration {
        let endpoint: Endpoint
        do {
            endpoint = try Endpoint(self.endpoint ?? environment("MASER_ENDPOINT") ?? "127.0.0.1")
        } catch {
            throw ValidationError(error.message)
        }
        if plaintext {
            return ClientConfiguration(endpoint: endpoint, security: .plaintext, connections: connections)
        }
        let (certificate, key) = (cert ?? environment("MASER_CERT"), key ?? environment("MASER_KEY"))
        guard (certificate == nil) == (key == nil) else {
            throw ValidationError("a certificate and its key go together: give both --cert and --key, or neither")
        }
        // A load's files may fill a slow line for longer than a product would wait for an answer.
        return ClientConfiguration(
            endpoint: endpoint,
            security: .tls(ca: ca ?? environment("MASER_CA"), certificate: certificate, key: key),
            connections: connections, healthChecks: HealthChecks(patience: .seconds(15)))
    }

    /// The client library knows of no flags: what they have to do with an error is said here.
    func connect(connections: Int) async throws -> Client {
        let configuration = try configuration(connections: connections)
        do {
            return try await Client.connect(configuration)
        } catch {
            throw CommandError("\(error)\(Self.whatToDo(error.code, configuration.security))")
        }
    }

    private static func whatToDo(_ code: ClientError.Code, _ security: ClientConfiguration.Security) -> String {
        switch (code, security) {
        case (.connectionFailed, .plaintext):
            "; is the server running, with --plaintext, and at the --endpoint or MASER_ENDPOINT given?"
        case (.connectionFailed, .tls): "; is the server running, and at the --endpoint or MASER_ENDPOINT given?"
        case (.tls, .tls(ca: nil, _, _)): "; no --ca or MASER_CA is given"
        case (.tls, .tls(_, certificate: nil, _)): "; no --cert and --key, or MASER_CERT and MASER_KEY, are given"
        default: ""
        }
    }

    private func environment(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// The choice of a command whose answer another program may read.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print one JSON object a line.")
    var json = false
}

/// Connects, runs `body`, and closes.
func withClient<R>(
    _ options: ConnectionOptions, connections: Int = 1, _ body: (Client) async throws -> R
) async throws -> R {
    let client = try await options.connect(connections: connections)
    defer { client.close() }
    return try await body(client)
}
