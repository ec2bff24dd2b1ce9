import Foundation
import Glibc
import MaserClient
import RPC
import Testing

/// The server of the drill, and how it dies.
final class KillDrill {
    private static let rows = 3000

    let server: ServerProcess
    /// Those that met their phase: a command that was under way, a server that was not up yet.
    private(set) var kills: [KillTests.Phase: Int] = [:]
    private(set) var attempts = 0
    private let began = Date()
    private var deployCount = 0
    /// Of the rows that `generations` serves.
    private var generation = 0

    init() throws {
        server = try ServerProcess()
    }

    var configuration: ClientConfiguration { server.configuration }

    func begin(_ app: String) throws {
        try server.start()
        let outcome = try server.maser(["deploy", try server.folder.write("events.sql", app)])
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        let loaded = try server.maser(["load", "generations", try source(generation: 0)])
        #expect(loaded.exitCode == 0, "\(loaded.errors)")
    }

    func kill(during phase: KillTests.Phase, _ ledger: Ledger) async throws {
        let wasDuring: Bool
        switch phase {
        case .append:
            try await pause(upTo: 250)
            server.kill(SIGKILL)
            wasDuring = true
        case .deploy: wasDuring = try await killDuringDeploy()
        case .load: wasDuring = try await killDuringLoad()
        case .start: wasDuring = try await killDuringStart()
        }
        attempts += 1
        if wasDuring { kills[phase, default: 0] += 1 }
        let seconds = String(format: "%.3f", Date().timeIntervalSince(began))
        let acknowledged = await ledger.acknowledged.count
        print(
            "kill \(attempts) at \(seconds) s \(wasDuring ? "during" : "after") \(phase.rawValue): "
                + "\(acknowledged) records acknowledged")
        try server.start()
        switch phase {
        case .deploy: try await checkDeploy()
        case .load: try await checkLoad()
        case .append, .start: break
        }
    }

    // MARK: Start

    private func killDuringStart() async throws -> Bool {
        server.kill(SIGKILL)
        try server.spawn()
        try await pause(upTo: patience[.start, default: 250])
        let wasDuring = !server.log.contains("listening on")
        server.kill(SIGKILL)
        learn(.start, wasDuring)
        return wasDuring
    }

    // MARK: Deploy

    private var extraName: String { "extra\(deployCount)" }

    private func killDuringDeploy() async throws -> Bool {
        deployCount += 1
        let file = try server.folder.write(
            "extra.sql",
            """
            CREATE APPLICATION \(extraName);
            CREATE INPUT TABLE events (id INT64, amount INT64) FROM CATEGORY 'events';
            CREATE TABLE \(extraName)_a AS SELECT amount, COUNT(*) AS times FROM events GROUP BY amount;
            CREATE TABLE \(extraName)_b AS SELECT amount, MAX(id) AS newest FROM events GROUP BY amount;
            """)
        return try await killWhile(["deploy", file], .deploy)
    }

    /// An app and its tables are all there or not at all.
    private func checkDeploy() async throws {
        let client = try await Client.connect(configuration)
        defer { client.close() }
        let hasApp = try await client.apps().contains { $0.name == extraName }
        let tables = try await client.tables().map(\.name).filter { $0.hasPrefix("\(extraName)_") }
        #expect(tables.count == (hasApp ? 2 : 0), "\(extraName): \(hasApp), \(tables)")
        // Too many would slow the drill down.
        if hasApp { try await client.deleteApp(extraName, droppingTables: true) }
    }

    // MARK: Load

    private func killDuringLoad() async throws -> Bool {
        generation += 1
        return try await killWhile(
            ["load", "generations", try source(generation: generation)], .load)
    }

    /// The rows are all of one load: the last one that was whole, or the one before the kill.
    private func checkLoad() async throws {
        let client = try await Client.connect(configuration)
        defer { client.close() }
        var rows: [Int: Int] = [:]
        for try await row in try await client.table("generations").scan() {
            let generation = try #require(try row["generation", as: Int.self])
            rows[generation, default: 0] += 1
        }
        let found = try #require(rows.keys.first)
        #expect(rows == [found: Self.rows])
        #expect(
            found == generation || found == previous, "generation \(found) serves, after \(previous) and \(generation)")
        previous = found
    }

    private var previous = 0

    private func source(generation: Int) throws -> String {
        let rows = (0..<Self.rows).map { "\($0),\(generation)" }.joined(separator: "\n")
        return try server.folder.write("generation.csv", "id,generation\n\(rows)\n")
    }

    // MARK: Moments

    /// By phase, how many milliseconds a kill comes after the command at most.
    private var patience: [KillTests.Phase: Int] = [:]

    /// Kills the server a random time after a command began. false: the command was done by then.
    private func killWhile(_ arguments: [String], _ phase: KillTests.Phase) async throws -> Bool {
        let command = Process()
        command.executableURL = URL(fileURLWithPath: MaserBinary.path)
        command.arguments = arguments
        command.environment = ProcessInfo.processInfo.environment.merging(server.environment) { $1 }
        command.standardOutput = FileHandle.nullDevice
        command.standardError = FileHandle.nullDevice
        try command.run()
        try await pause(upTo: patience[phase, default: 400])
        let wasDuring = command.isRunning
        server.kill(SIGKILL)
        learn(phase, wasDuring)
        // It fails now, or gives up: nobody answers it.
        command.terminate()
        command.waitUntilExit()
        return wasDuring
    }

    /// What takes how long differs from machine to machine: who came too late comes earlier the next time.
    private func learn(_ phase: KillTests.Phase, _ wasDuring: Bool) {
        let limit = patience[phase, default: 400]
        patience[phase] = wasDuring ? min(400, limit * 5 / 4) : max(5, limit * 2 / 3)
    }

    private func pause(upTo milliseconds: Int) async throws {
        try await Task.sleep(for: .milliseconds(Int.random(in: 0...milliseconds)))
    }
}
