internal import ArgumentParser
internal import MaserClient
internal import RPC

struct BenchWait: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Returns when an app has applied all that its categories have.")

    @Argument(help: "The app.")
    var app: String

    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        let app = app
        try await withClient(connection) { try await Self.wait(until: app, hasApplied: $0) }
    }

    static func wait(until app: String, hasApplied client: Client) async throws {
        while true {
            guard let status = try await client.status().apps.first(where: { $0.name == app }) else {
                throw CommandError("there is no app \(app)")
            }
            if !status.failure.isEmpty { throw CommandError("app \(app) failed: \(status.failure)") }
            if status.lag == 0 { return }
            // Every 5 ms, asking took a sixteenth of two cores from what is measured.
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
