internal import ArgumentParser
internal import Foundation
internal import MaserClient
internal import RPC
internal import Records

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows how fresh everything is, what waits, and what takes disk and memory.",
        discussion: """
              maser status
              maser status --json

            lag counts records that are appended and not applied yet; freshness is the append time up to which all are.

            A watermark is the event time before which nothing more is expected of an input, at the confidence that its app
            asks for (OPTIONS (watermark_confidence = '0.999')). late is the share of records that came behind it all the
            same: about 1 - confidence, or less.
            """)

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let status = try await withClient(connection) { client in try await client.status() }
        if output.json {
            try printStatusLines(status)
        } else {
            printStatus(status)
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
        printWatermarks(status.apps)
        printTables(status.tables, now)
        printCategories(status.categories)
    }

    private func printApps(_ apps: [WireAppStatus], _ now: Int64) {
        if apps.isEmpty { return }
        var table = TextTable([
            .init(name: "app"), .init(name: "state"), .init(name: "applied", isNumber: true),
            .init(name: "lag", isNumber: true), .init(name: "dead letters", isNumber: true), .init(name: "fresh"),
        ])
        for app in apps {
            table.append([
                app.name, app.failure.isEmpty ? app.state : "\(app.state): \(app.failure)",
                HumanText.count(app.records), HumanText.count(app.lag), HumanText.count(app.deadLetters),
                app.buckets.isEmpty ? "" : age(app.buckets.map(\.freshness).min(), now),
            ])
        }
        Output.standard.line()
        table.print()
    }

    private func printWatermarks(_ apps: [WireAppStatus]) {
        if apps.allSatisfy(\.watermarks.isEmpty) { return }
        var table = TextTable([
            .init(name: "app"), .init(name: "input"), .init(name: "watermark"),
            .init(name: "confidence", isNumber: true), .init(name: "late", isNumber: true),
        ])
        for app in apps {
            for watermark in app.watermarks {
                table.append([
                    app.name, watermark.input,
                    watermark.hasWatermark ? HumanText.moment(watermark.watermark) : "none yet",
                    "\(watermark.confidence)", watermark.lateShare.map { HumanText.number($0) } ?? "",
                ])
            }
        }
        Output.standard.line()
        table.print()
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
                table.hasFreshness ? age(table.freshness, now) : "",
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

    private func age(_ freshness: Int64?, _ now: Int64) -> String {
        guard let freshness, freshness > 0 else { return "never" }
        let seconds = Double(now - freshness) / 1e6
        return seconds < 1 ? "now" : "\(HumanText.seconds(seconds)) ago"
    }
}

extension WireAppStatus {
    /// Records that are appended and not applied.
    var lag: Int64 { buckets.reduce(0) { $0 + $1.lag } }
}

extension WireWatermarkStatus {
    /// nil where no record was seen that could have been late.
    var lateShare: Double? { records == 0 ? nil : Double(lateRecords) / Double(records) }
}

extension WireBucketStatus {
    var lag: Int64 { max(end - position, 0) }
}

extension WireCategoryDescriptor {
    var records: Int64 { zip(startOffsets, endOffsets).reduce(0) { $0 + $1.1 - $1.0 } }
}
