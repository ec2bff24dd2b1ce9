internal import ArgumentParser
internal import MaserClient

struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Deletes an app; its tables stay and serve what they have.",
        discussion: """
              maser delete delays
              maser delete delays --drop      its tables go with it
            """)

    @Argument(help: "The app, as CREATE APPLICATION named it.")
    var app: String

    @Flag(help: "Drop the tables that it fills, too.")
    var drop = false

    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        let (app, drop) = (app, drop)
        try await withClient(connection) { client in
            try await client.deleteApp(app, droppingTables: drop)
        }
        Output.standard.line(drop ? "deleted \(app) and its tables" : "deleted \(app); its tables stay")
    }
}
