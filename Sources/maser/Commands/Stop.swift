internal import ArgumentParser
internal import MaserClient

struct Stop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stops an app at a checkpoint; its tables serve what they have.",
        discussion: """
            It stays stopped, over restarts of the server too, until it is started. The records that it has yet to apply are \
            kept for it, whatever their category's RETAIN says.

              maser stop delays
            """)

    @Argument(help: "The app, as CREATE APPLICATION named it.")
    var app: String

    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        let app = app
        try await withClient(connection) { client in try await client.stopApp(app) }
        Output.standard.line("stopped \(app); `maser start \(app)` goes on where it was")
    }
}

struct Start: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Starts an app that was stopped, or that failed; it goes on where it was.",
        discussion: "  maser start delays")

    @Argument(help: "The app, as CREATE APPLICATION named it.")
    var app: String

    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        let app = app
        try await withClient(connection) { client in try await client.startApp(app) }
        Output.standard.line("started \(app)")
    }
}
