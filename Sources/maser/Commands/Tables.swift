internal import ArgumentParser
internal import MaserClient
internal import RPC

struct Tables: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists the tables.", discussion: "  maser tables\n  maser describe TABLE tells the rest")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let tables = try await withClient(connection) { client in try await client.tables() }
        if output.json {
            for table in tables { try Output.standard.json(TableAnswer(table)) }
            return
        }
        var listing = TextTable([
            .init(name: "table"), .init(name: "key"), .init(name: "columns", isNumber: true), .init(name: "filled by"),
            .init(name: "version", isNumber: true), .init(name: "rows, about", isNumber: true),
            .init(name: "on disk", isNumber: true),
        ])
        for table in tables {
            let version = table.versions.first { $0.number == table.servingVersion }
            listing.append([
                table.name, table.keyColumns.map(\.name).joined(separator: ", "), String(table.columns.count),
                table.source == "loads" ? "loads" : table.app.isEmpty ? "no app now" : "app \(table.app)",
                table.servingVersion == 0 ? "none" : String(table.servingVersion),
                HumanText.count(version?.estimatedRows ?? 0), HumanText.bytes(version?.bytes ?? 0),
            ])
        }
        listing.print()
    }
}
