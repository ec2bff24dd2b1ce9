internal import Foundation
package import Logging
internal import NIOCore
internal import NIOPosix
internal import Operations
internal import RPC
internal import Records
internal import ServiceLifecycle
internal import UnixSignals

/// A whole server, from its configuration to its end.
package enum MaserServer {
    /// Of the binary, whether it serves or asks.
    package static let version = "0.1.0"

    /// Runs until SIGTERM or SIGINT, then answers what is in flight, ends the apps at a checkpoint and returns.
    ///
    /// - Parameter announce: gets a line for a person when it listens, and for each thing that is worth one then.
    package static func run(
        _ configuration: ServerConfiguration, logger: Logger, announce: @escaping @Sendable (String) -> Void
    ) async throws {
        try configuration.validate()
        ProcessMemory.limitHeaps()
        let engine = try Engine.open(configuration, logger: logger)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: System.coreCount)
        let door: Door
        do {
            door = try await Door.open(configuration, engine, group, logger)
        } catch {
            engine.close()
            try? await group.shutdownGracefully()
            throw error
        }
        // Before anything is announced: whoever sends one then does not mean to end the server.
        let hangups = await UnixSignalsSequence(trapping: .sighup)
        // Services are stopped from the last to the first: the doors close before the stores.
        let services = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: EngineService(engine: engine), successTerminationBehavior: .gracefullyShutdownGroup),
                    .init(
                        service: OperationsService(
                            configuration: configuration, engine: engine, door: door, logger: logger,
                            announce: announce),
                        successTerminationBehavior: .gracefullyShutdownGroup),
                    .init(
                        service: door.reloading(configuration, logger, hangups),
                        successTerminationBehavior: .gracefullyShutdownGroup),
                    .init(
                        service: ListenerService(configuration: configuration, door: door, announce: announce),
                        successTerminationBehavior: .gracefullyShutdownGroup),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: Logger(label: "maser.lifecycle") { _ in SwiftLogNoOpLogHandler() }))
        do {
            try await services.run()
        } catch {
            engine.close()
            try? await group.shutdownGracefully()
            throw error
        }
        try await group.shutdownGracefully()
    }
}

/// Holds the stores open until everything else has ended.
private struct EngineService: Service {
    let engine: Engine

    func run() async throws {
        try? await gracefulShutdown()
        engine.close()
    }
}

/// Where requests come in. It is opened before anything is announced: most of what can be wrong with a configuration
/// shows here.
private struct Door {
    let listener: RPCListener
    let dispatcher: Dispatcher
    let grants: GrantBook

    static func open(
        _ configuration: ServerConfiguration, _ engine: Engine, _ group: MultiThreadedEventLoopGroup, _ logger: Logger
    ) async throws -> Door {
        let grants = try GrantBook(file: configuration.grants)
        let dispatcher = Dispatcher(engine, group: group, grants: grants)
        do {
            var limits = RPCLimits()
            let files = OpenFiles.raise(forConnections: configuration.connections ?? limits.connections)
            limits.connections = files.connections
            if configuration.connections != nil, let warning = files.warning { logger.warning("\(warning)") }
            let listener = try await RPCListener.start(
                host: configuration.host, port: configuration.port, security: security(configuration), group: group,
                limits: limits, handler: dispatcher, report: { line in logger.info("\(line)") })
            return Door(listener: listener, dispatcher: dispatcher, grants: grants)
        } catch {
            await dispatcher.close()
            throw error
        }
    }

    func close() async {
        dispatcher.endWaiting()
        await listener.drain()
        await dispatcher.close()
    }

    /// What keeps certificates and grants up to date.
    func reloading(
        _ configuration: ServerConfiguration, _ logger: Logger, _ hangups: UnixSignalsSequence
    ) -> ReloadService {
        var files: [ReloadableFiles] = []
        if case .tls(let tls) = Self.security(configuration) {
            let paths = [tls.certificateFile, tls.keyFile] + (tls.clientCAFile.map { [$0] } ?? [])
            files.append(
                ReloadableFiles("the certificates", paths) { [listener] in
                    try listener.reloadCertificates()
                    let expiry = listener.tlsFigures?.certificateExpiry
                    return "the server's ends on \(expiry.map { Records.Timestamp.format($0 * 1_000_000) } ?? "no day")"
                })
        }
        if let file = grants.file {
            files.append(
                ReloadableFiles("the grants of \(file)", [file]) { [grants, dispatcher] in
                    try grants.reload()
                    dispatcher.grantsChanged()
                    return grants.current.summary
                })
        }
        return ReloadService(
            files: files, hangups: hangups, expiry: ExpiryWatch(), listener: listener, logger: logger)
    }

    private static func security(_ configuration: ServerConfiguration) -> ListenerSecurity {
        guard !configuration.isPlaintext, let certificate = configuration.certificate,
            let key = configuration.privateKey
        else { return .plaintextOnLoopback }
        return .tls(
            TLSServerConfiguration(
                certificateFile: certificate, keyFile: key, clientCAFile: configuration.certificateAuthority,
                leastVersion: configuration.leastTLS))
    }
}

private struct ListenerService: Service {
    let configuration: ServerConfiguration
    let door: Door
    let announce: @Sendable (String) -> Void

    func run() async throws {
        announce("listening on \(configuration.host):\(door.listener.port) (\(description))")
        try? await gracefulShutdown()
        await door.close()
    }

    private var description: String {
        "\(security); \(rights)"
    }

    private var security: String {
        if configuration.isPlaintext { return "plaintext" }
        let tls = configuration.leastTLS == .tls13 ? "TLS 1.3" : "TLS 1.2 or 1.3"
        return configuration.certificateAuthority == nil
            ? "\(tls); any client, for no CA was given" : "\(tls); clients need a certificate of the CA"
    }

    private var rights: String {
        guard let file = door.grants.file else {
            return "whoever is let in may do everything, for no grants were given"
        }
        return "\(door.grants.current.summary) of \(file)"
    }
}

private struct OperationsService: Service {
    let configuration: ServerConfiguration
    let engine: Engine
    let door: Door
    let logger: Logger
    let announce: @Sendable (String) -> Void

    func run() async throws {
        let host = configuration.operationsHost
        let figures = Figures(engine, door.listener, door.dispatcher.pools)
        let server = OperationsServer(
            host: host, port: configuration.operationsPort, logger: logger,
            obstacles: { figures.obstacles },
            figures: { figures.snapshot },
            onListening: { [announce] port in announce("operations on http://\(host):\(port)") })
        do {
            try await server.run()
        } catch {
            throw ServerError(
                .network,
                "cannot listen for operations on \(host):\(configuration.operationsPort): "
                    + "\(reason(ofBinding: error)); --operations takes another HOST:PORT",
                cause: error)
        }
    }
}

private func reason(ofBinding error: any Error) -> String {
    switch error {
    case let error as IOError: String(cString: strerror(error.errnoCode))
    case is SocketAddressError, is SocketAddressError.UnknownHost: "no such host"
    default: reason(error)
    }
}
