internal import Logging
internal import RPC
internal import ServiceLifecycle
internal import UnixSignals

/// Reads certificates and grants again on SIGHUP, or when their files have changed, and says in time that a certificate ends.
struct ReloadService: Service {
    let files: [ReloadableFiles]
    let hangups: UnixSignalsSequence
    let expiry: ExpiryWatch
    let listener: RPCListener
    let logger: Logger

    private static let interval = Duration.seconds(2)

    func run() async throws {
        warn()
        try? await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await _ in hangups {
                        if files.isEmpty { logger.notice("there is nothing to be read again") }
                        for file in files { tell(file.readAgain()) }
                    }
                }
                group.addTask {
                    while !Task.isCancelled {
                        try? await Task.sleep(for: Self.interval)
                        for file in files { tell(file.look()) }
                        warn()
                    }
                }
                await group.waitForAll()
            }
        }
    }

    private func tell(_ outcome: ReloadableFiles.Outcome) {
        switch outcome {
        case .unchanged: break
        case .read(let line): logger.notice("\(line)")
        case .failed(let line): logger.error("\(line)")
        }
    }

    private func warn() {
        guard let figures = listener.tlsFigures else { return }
        for line in expiry.warnings(of: figures, now: Clock.now / 1_000_000) { logger.warning("\(line)") }
    }
}
