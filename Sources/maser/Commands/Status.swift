internal import ArgumentParser
internal import Foundation
internal import MaserClient
internal import RPC

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows how fresh everything is, what waits, and what takes disk and memory.",
        discussion: """
              maser status
              maser status --json
              maser status --reveal

            For each app a block: how many records its processors applied and have yet to apply, how fresh that makes its \
            tables, what checkpoints take, and where its time goes; then every bucket that it follows. `to apply` counts \
            records that are appended and not applied yet; fresh says how long ago all was appended that is.

            A watermark is the event time before which nothing more is expected of an input, at the confidence that its \
            app asks for (OPTIONS (watermark_confidence = '0.999')). late is the share of records that came behind it all \
            the same: about 1 - confidence, or less, unless they come in no order, as history often does.

            Keys that many lookups of the last minutes asked for are shown as hashes (XXH3-64 of the encoded key); \
            --reveal shows those of tables that you administer as `maser get` takes them.
            """)

    @Flag(help: "Show hot keys in clear.")
    var reveal = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let reveal = reveal
        let (status, hotKeys) = try await withClient(connection) { client in
            let status = try await reveal ? client.statusRevealingKeys() : client.status()
            return (status, try await HotKeyLine.all(status, client))
        }
        if output.json {
            try printStatusLines(status)
            for key in hotKeys { try Output.standard.json(key) }
        } else {
            printStatus(status)
            HotKeyLine.print(hotKeys)
        }
    }

    private func printStatus(_ status: WireStatusResponse) {
        let now = Moment.now.microseconds
        printSheet([
            ("server", "maser \(status.version), up \(HumanText.seconds(Double(now - status.startedAt) / 1e6))"),
            ("disk", HumanText.bytes(status.diskBytes)),
            (
                "memory",
                "\(HumanText.bytes(status.residentBytes)); caches and buffers may take "
                    + HumanText.bytes(status.memoryLimitBytes)
            ),
        ])
        printApps(status.apps, now)
        printTables(status.tables, now)
        printCategories(status.categories)
    }

    private func printTables(_ tables: [WireTableStatus], _ now: Int64) {
        if tables.isEmpty { return }
        var listing = TextTable([
            .init(name: "table"), .init(name: "version", isNumber: true), .init(name: "rows, about", isNumber: true),
            .init(name: "on disk", isNumber: true), .init(name: "fresh"),
        ])
        for table in tables {
            listing.append([
                table.name, table.servingVersion == 0 ? "none" : String(table.servingVersion),
                HumanText.count(table.estimatedRows), HumanText.bytes(table.bytes),
                table.hasFreshness ? HumanText.age(table.freshness, now: now) : "",
            ])
        }
        Output.standard.line()
        listing.print()
    }

    private func printCategories(_ categories: [WireCategoryDescriptor]) {
        if categories.isEmpty { return }
        var listing = TextTable([
            .init(name: "category"), .init(name: "buckets", isNumber: true), .init(name: "records", isNumber: true),
        ])
        for category in categories {
            listing.append([category.name, String(category.buckets), HumanText.count(category.records)])
        }
        Output.standard.line()
        listing.print()
    }
}

extension WireCategoryDescriptor {
    var records: Int64 { zip(startOffsets, endOffsets).reduce(0) { $0 + $1.1 - $1.0 } }
}
