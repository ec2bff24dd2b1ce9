internal import ArgumentParser
internal import MaserClient
internal import RPC

struct Versions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Lists a table's versions: what made each, which one serves, how fresh each is, and what its checks found.",
        discussion: """
              maser versions airports
              maser versions airports --json          every figure, with the checks
              maser versions airports --drop 3

            serving answers lookups; standby follows the same records, but nobody reads it; building is filled by a backfill or \
            replays its category from a load's cut; held is a load whose checks failed: it does not serve unless \
            `maser rollback TABLE N` lets it.
            """)

    @Argument(help: "The table.")
    var table: String

    @Option(help: ArgumentHelp("Drop a version that does not serve, and free its disk.", valueName: "version"))
    var drop: UInt32?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let (table, drop) = (table, drop)
        if let drop {
            let freed = try await withClient(connection) { try await $0.dropVersion(drop, of: table) }
            if output.json { return try Output.standard.json(Dropped(table: table, version: drop, freedBytes: freed)) }
            return Output.standard.line(
                "version \(drop) of \(table) is dropped, \(HumanText.bytes(freed)) of disk are free")
        }
        let descriptor = try await withClient(connection) { client in try await client.describe(table: table) }
        if output.json {
            for version in descriptor.versions {
                try Output.standard.json(VersionAnswer(version, isServing: version.number == descriptor.servingVersion))
            }
            return
        }
        list(descriptor.versions)
        for version in descriptor.versions where version.checks.contains(where: { !$0.passed }) {
            let failed = version.checks.filter { !$0.passed }.map(\.sentence).joined(separator: "; ")
            Output.standard.line()
            Output.standard.line("version \(version.number): \(failed)")
            if version.state == "held" {
                Output.standard.line("`maser rollback \(table) \(version.number)` lets it serve all the same")
            }
        }
    }

    private func list(_ versions: [WireVersionDescriptor]) {
        var listing = TextTable([
            .init(name: "version", isNumber: true), .init(name: "state"), .init(name: "made"), .init(name: "from"),
            .init(name: "rows", isNumber: true), .init(name: "on disk", isNumber: true), .init(name: "cut"),
            .init(name: "to apply", isNumber: true), .init(name: "fresh"), .init(name: "checks"),
        ])
        for version in versions {
            listing.append([
                String(version.number),
                version.failure.isEmpty ? version.state : "\(version.state): \(version.failure)",
                HumanText.age(version.createdAt), Self.short(version.origin), version.rowsText,
                HumanText.bytes(version.bytes), version.cutText,
                version.hasFreshness ? HumanText.count(version.lagRecords) : "",
                version.hasFreshness ? HumanText.age(version.freshness) : "", version.checksText,
            ])
        }
        listing.print()
    }

    /// Of many files the first.
    private static func short(_ origin: String) -> String {
        let files = origin.split(separator: ",")
        return files.count > 2 ? "\(files[0]) and \(files.count - 1) more" : origin
    }

    private struct Dropped: Encodable {
        var table: String
        var version: UInt32
        var freedBytes: Int64
    }
}

extension WireVersionDescriptor {
    fileprivate var rowsText: String {
        // What came from the category since is in the estimate alone.
        hasLoadedRows && !hasFreshness ? HumanText.count(loadedRows) : "about " + HumanText.count(estimatedRows)
    }

    fileprivate var cutText: String {
        guard hasCut else { return "" }
        switch cut.kind {
        case .positions(let positions):
            return "at \(HumanText.count(positions.offsets.reduce(0, +))) records"
        case .eventTime(let time):
            let late = stragglers > 0 ? ", \(HumanText.count(stragglers)) too late" : ""
            return "before \(HumanText.time(time))\(late)"
        case .earliest: return "earliest"
        case .replace: return "replaced all"
        case nil: return ""
        }
    }

    fileprivate var checksText: String {
        if checks.isEmpty { return forced ? "forced" : "" }
        let failed = checks.count { !$0.passed }
        if failed == 0 { return "\(checks.count) passed" }
        return "\(failed) of \(checks.count) failed\(forced ? ", forced" : "")"
    }
}
