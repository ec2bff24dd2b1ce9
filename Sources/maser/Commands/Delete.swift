internal import ArgumentParser
internal import MaserClient

struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Deletes an app; its tables stay and serve what they have.",
        discussion: """
              maser delete delays
              maser delete delays --drop      its tables and output categories go with it

            Refused while another app joins one of the tables. Tables that stayed go on where they were when the app is \
            deployed again, or go when it is then deleted with --drop.
            """)

    @Argument(help: "The app, as CREATE APPLICATION named it.")
    var app: String

    @Flag(help: "Drop the tables and output categories that it fills, too.")
    var drop = false

    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        let (app, drop) = (app, drop)
        try await withClient(connection) { client in
            try await client.deleteApp(app, droppingTables: drop)
        }
        Output.standard.line(drop ? "deleted \(app) and what it filled" : "deleted \(app); its tables stay")
    }
}
