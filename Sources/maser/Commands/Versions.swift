internal import ArgumentParser
internal import MaserClient
internal import RPC
internal import Records

struct Versions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists a table's versions: what made each, which one serves, and how fresh each is.",
        discussion: """
              maser versions airports

            serving answers lookups; standby follows the same records, but nobody reads it; building is filled by a backfill.
            """)

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
            .init(name: "rows", isNumber: true), .init(name: "on disk", isNumber: true), .init(name: "state"),
            .init(name: "to apply", isNumber: true), .init(name: "fresh"),
        ])
        for version in descriptor.versions {
            let rows =
                version.hasLoadedRows
                ? HumanText.count(version.loadedRows) : "about " + HumanText.count(version.estimatedRows)
            listing.append([
                String(version.number), HumanText.moment(version.createdAt), version.origin, rows,
                HumanText.bytes(version.bytes),
                version.failure.isEmpty ? version.state : "\(version.state): \(version.failure)",
                version.hasFreshness ? HumanText.count(version.lagRecords) : "",
                version.hasFreshness ? HumanText.age(version.freshness) : "",
            ])
        }
        listing.print()
    }
}

/// A version as `--json` shows it.
struct VersionAnswer: Encodable {
    var version: UInt32
    var isServing: Bool
    var state: String
    var failure: String?
    var freshness: String?
    var lagRecords: Int64
    var createdAt: String
    var origin: String
    var loadedRows: Int64?
    var estimatedRows: Int64
    var bytes: Int64

    init(_ version: WireVersionDescriptor, isServing: Bool) {
        self.version = version.number
        self.isServing = isServing
        state = version.state
        failure = version.failure.isEmpty ? nil : version.failure
        freshness = version.hasFreshness && version.freshness > 0 ? Records.Timestamp.format(version.freshness) : nil
        lagRecords = version.lagRecords
        createdAt = Records.Timestamp.format(version.createdAt)
        origin = version.origin
        loadedRows = version.hasLoadedRows ? version.loadedRows : nil
        estimatedRows = version.estimatedRows
        bytes = version.bytes
    }
}
