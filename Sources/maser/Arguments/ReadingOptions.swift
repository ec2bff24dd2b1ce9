internal import ArgumentParser
internal import Foundation
internal import MaserClient
internal import RPC
internal import Records

/// What a lookup asks of the rows beyond which they are.
struct ReadingOptions: ParsableArguments {
    @Option(
        help: "Fail where the table is older than this, such as 500ms or 1min.", transform: TimeSpan.read)
    var maxStaleness: TimeSpan?

    @Option(
        name: .customLong("wait-for"),
        help:
            "Wait until this is applied: CATEGORY:BUCKET:OFFSET, or what `maser append --json` printed. May be repeated.",
        transform: AppliedPositions.read)
    var waits: [AppliedPositions] = []

    @Option(help: "Read this version of the table, not the one that serves.")
    var version: UInt32?

    @Flag(help: "Say how fresh the rows are, and of which version.")
    var freshness = false

    /// For columns of these numbers.
    func reading(columns: [UInt32] = [], isRaw: Bool = false) -> EncodedReading {
        EncodedReading(
            version: version, columns: columns, isRaw: isRaw,
            contract: ReadContract(
                maximumStalenessMilliseconds: maxStaleness.map { UInt32(clamping: $0.microseconds / 1000) },
                positions: waits.flatMap(\.positions), wantsFreshness: freshness))
    }

    /// After the rows.
    func printFreshness(_ freshness: Int64?, _ version: UInt32, _ output: OutputOptions) throws {
        guard self.freshness else { return }
        if output.json {
            try Output.standard.json(
                Told(freshness: freshness.map { HumanText.text(of: .timestamp($0)) }, version: version))
        } else if let freshness {
            Output.standard.line(
                "fresh as of \(HumanText.text(of: .timestamp(freshness))) (\(HumanText.age(freshness))), version \(version)"
            )
        } else {
            Output.standard.line("nothing was loaded into the table yet")
        }
    }

    private struct Told: Encodable {
        var freshness: String?
        var version: UInt32
    }
}

/// Which columns, as a scan and a get have them.
struct ColumnOptions: ParsableArguments {
    @Option(help: "Names of the columns wanted, separated by commas.")
    var columns: String?

    @Flag(help: "The states as they are stored, not columns; --columns then names states.")
    var raw = false

    /// The table as it is asked for, and the numbers of its columns.
    func select(_ table: ServedTable) throws -> (ServedTable, numbers: [UInt32]) {
        let table = raw ? table.raw : table
        guard let columns else { return (table, []) }
        let names = columns.split(separator: ",", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) }
        return try table.selecting(names)
    }
}

/// Positions in a category, as they are written or as an append has printed them.
struct AppliedPositions: WrittenArgument {
    static let form = "CATEGORY:BUCKET:OFFSET, or what `maser append --json` printed"

    private struct Appended: Decodable {
        struct End: Decodable {
            var bucket: UInt32
            var offset: Int64
        }

        var category: String
        var ends: [End]
    }

    let positions: [ReadContract.Position]

    init?(argument: String) {
        if argument.hasPrefix("{") {
            guard let appended = try? JSONDecoder().decode(Appended.self, from: Data(argument.utf8)) else { return nil }
            positions = appended.ends.map {
                ReadContract.Position(category: appended.category, bucket: $0.bucket, offset: $0.offset)
            }
            return
        }
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count >= 3, let bucket = UInt32(parts[parts.count - 2]), let offset = Int64(parts[parts.count - 1])
        else { return nil }
        positions = [
            ReadContract.Position(category: parts.dropLast(2).joined(separator: ":"), bucket: bucket, offset: offset)
        ]
    }
}
