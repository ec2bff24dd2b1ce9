internal import Hummingbird
package import Logging

/// Plain HTTP for those who operate the server, on a port of its own so that it can be kept from everyone else.
///
/// | path | answers |
/// |---|---|
/// | `/healthz` | 200 while the process answers at all: restart it otherwise |
/// | `/readyz` | 200 when requests are served, else 503 and a line for each thing it waits for |
/// | `/metrics` | the figures, as Prometheus reads them |
package struct OperationsServer: Sendable {
    private let host: String
    private let port: Int
    private let logger: Logger
    private let obstacles: @Sendable () async -> [String]
    private let figures: @Sendable () async -> FiguresSnapshot
    private let onListening: @Sendable (_ port: Int) async -> Void

    /// - Parameters:
    ///   - port: 0 takes a free one; `onListening` hears which.
    ///   - obstacles: what keeps the server from being ready, a line for a person each; none when it is.
    package init(
        host: String, port: Int, logger: Logger, obstacles: @escaping @Sendable () async -> [String],
        figures: @escaping @Sendable () async -> FiguresSnapshot,
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) {
        self.host = host
        self.port = port
        // Hummingbird tells of its own start at `info`, which a server that tells of its own does not need.
        self.logger = logger.quieter
        self.obstacles = obstacles
        self.figures = figures
        self.onListening = onListening
    }

    /// Serves until the task is cancelled or a graceful shutdown begins; throws when the port cannot be had.
    package func run() async throws {
        let onListening = onListening
        let application = Application(
            router: router(),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port), serverName: "maser"),
            onServerRunning: { channel in
                await onListening(channel.localAddress?.port ?? 0)
            },
            logger: logger)
        try await application.run()
    }

    private func router() -> Router<BasicRequestContext> {
        let (obstacles, figures) = (obstacles, figures)
        let router = Router()
        router.get("healthz") { _, _ in
            answer(.ok, "ok\n")
        }
        router.get("readyz") { _, _ in
            let obstacles = await obstacles()
            return obstacles.isEmpty
                ? answer(.ok, "ready\n")
                : answer(.serviceUnavailable, obstacles.joined(separator: "\n") + "\n")
        }
        router.get("metrics") { _, _ in
            answer(.ok, await figures().prometheusText, contentType: FiguresSnapshot.prometheusContentType)
        }
        return router
    }
}

private func answer(
    _ status: HTTPResponse.Status, _ text: String, contentType: String = "text/plain; charset=utf-8"
) -> Response {
    Response(
        status: status, headers: [.contentType: contentType], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
}

extension Logger {
    fileprivate var quieter: Logger {
        var logger = self
        logger.logLevel = max(logLevel, .warning)
        return logger
    }
}
