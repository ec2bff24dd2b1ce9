internal import ArgumentParser
internal import MaserClient
internal import RPC
internal import Records

struct Versions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists a table's versions: what made each, and which one serves.",
        discussion: "  maser versions airports")

    @Argument(help: "The table.")
    var table: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let table = table
        let descriptor = try await withClient(connection) { client in try await client.describe(table: table) }
        if output.json {
            for version in descriptor.versions {
                try Output.standard.json(VersionAnswer(version, isServing: version.number == descriptor.servingVersion))
            }
            return
        }
        var listing = TextTable([
            .init(name: "version", isNumber: true), .init(name: "made"), .init(name: "from"),
            .init(name: "rows", isNumber: true), .init(name: "on disk", isNumber: true), .init(name: ""),
        ])
        for version in descriptor.versions {
            let rows =
                version.hasLoadedRows
                ? HumanText.count(version.loadedRows) : "about " + HumanText.count(version.estimatedRows)
            listing.append([
                String(version.number), HumanText.moment(version.createdAt), version.origin, rows,
                HumanText.bytes(version.bytes), version.number == descriptor.servingVersion ? "serving" : "",
            ])
        }
        listing.print()
    }
}

/// A version as `--json` shows it.
struct VersionAnswer: Encodable {
    var version: UInt32
    var isServing: Bool
    var createdAt: String
    var origin: String
    var loadedRows: Int64?
    var estimatedRows: Int64
    var bytes: Int64

    init(_ version: WireVersionDescriptor, isServing: Bool) {
        self.version = version.number
        self.isServing = isServing
        createdAt = Records.Timestamp.format(version.createdAt)
        origin = version.origin
        loadedRows = version.hasLoadedRows ? version.loadedRows : nil
        estimatedRows = version.estimatedRows
        bytes = version.bytes
    }
}
