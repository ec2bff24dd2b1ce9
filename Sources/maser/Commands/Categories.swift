internal import ArgumentParser
internal import Foundation
internal import MaserClient
internal import RPC

struct Categories: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists the categories: their size, offsets, rates and readers.",
        discussion: """
              maser categories
              maser categories flights --json

            A reader is an app; its lag is what it has yet to apply of the bucket's records, and how old the oldest of them is. \
            Retention waits for readers.
            """)

    @Argument(help: "One category only.")
    var category: String?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let status = try await withClient(connection) { client in try await client.status() }
        let known = Dictionary(status.categoryStatuses.map { ($0.name, $0) }) { $1 }
        let wanted = status.categories.filter { category == nil || $0.name.lowercased() == category?.lowercased() }
        if let category, wanted.isEmpty {
            throw CommandError("there is no category \(category); `maser categories` lists those there are")
        }
        let answers = wanted.map { CategoryAnswer($0, known[$0.name] ?? WireCategoryStatus()) }
        if output.json {
            for answer in answers { try Output.standard.json(answer) }
            return
        }
        list(answers)
    }

    private func list(_ answers: [CategoryAnswer]) {
        var listing = TextTable([
            .init(name: "category"), .init(name: "buckets", isNumber: true), .init(name: "records", isNumber: true),
            .init(name: "on disk", isNumber: true), .init(name: "records/s", isNumber: true),
            .init(name: "bytes/s", isNumber: true), .init(name: "kept"), .init(name: "readers and lag"),
        ])
        for answer in answers {
            listing.append([
                answer.name, String(answer.buckets), HumanText.count(answer.records), HumanText.bytes(answer.bytes),
                HumanText.number(answer.recordsPerSecond.rounded()), HumanText.bytes(Int64(answer.bytesPerSecond)),
                answer.retentionText, answer.readers.map(\.text).joined(separator: ", "),
            ])
        }
        listing.print()
        guard category != nil, let answer = answers.first else { return }
        Output.standard.line()
        var buckets = TextTable([
            .init(name: "bucket", isNumber: true), .init(name: "start", isNumber: true),
            .init(name: "end", isNumber: true),
        ])
        for bucket in 0..<answer.endOffsets.count {
            buckets.append([
                String(bucket), String(answer.startOffsets[bucket]), String(answer.endOffsets[bucket]),
            ])
        }
        buckets.print()
        Output.standard.line()
        printSheet([
            ("acknowledgement", answer.acknowledgement), ("compression", answer.compression),
            ("quota", answer.quotaText), ("refused appends", HumanText.count(answer.refusedAppends)),
            ("duplicate appends", HumanText.count(answer.duplicateAppends)),
        ])
    }
}

private struct CategoryAnswer: Encodable {
    struct Reader: Encodable {
        var name: String
        var positions: [Int64]
        var lagRecords: Int64
        var lagMilliseconds: Int64

        var text: String {
            if lagRecords == 0 { return "\(name) 0" }
            return "\(name) \(HumanText.count(lagRecords)) (\(HumanText.seconds(Double(lagMilliseconds) / 1000)))"
        }
    }

    var name: String
    var buckets: Int
    var bytes: Int64
    var startOffsets: [Int64]
    var endOffsets: [Int64]
    var recordsPerSecond: Double
    var bytesPerSecond: Double
    var acknowledgement: String
    var compression: String
    /// 0: for ever, and any number.
    var retainedMicroseconds: Int64
    var retainedBytes: Int64
    /// 0: none.
    var quotaBytesPerSecond: Int64
    var refusedAppends: UInt64
    var duplicateAppends: UInt64
    var readers: [Reader]

    init(_ category: WireCategoryDescriptor, _ status: WireCategoryStatus) {
        name = category.name
        buckets = Int(category.buckets)
        bytes = status.bytes
        endOffsets = category.endOffsets
        startOffsets =
            category.startOffsets + [Int64](repeating: 0, count: max(0, endOffsets.count - category.startOffsets.count))
        recordsPerSecond = status.recordsPerSecond
        bytesPerSecond = status.bytesPerSecond
        acknowledgement = status.acknowledgement
        compression = status.compression
        retainedMicroseconds = status.retainedMicroseconds
        retainedBytes = status.retainedBytes
        quotaBytesPerSecond = status.quotaBytesPerSecond
        refusedAppends = status.refusedAppends
        duplicateAppends = status.duplicateAppends
        readers = status.readers.map {
            Reader(
                name: $0.name, positions: $0.positions, lagRecords: $0.lagRecords, lagMilliseconds: $0.lagMilliseconds)
        }
    }

    var records: Int64 { zip(startOffsets, endOffsets).reduce(0) { $0 + $1.1 - $1.0 } }

    var retentionText: String {
        let limits =
            (retainedMicroseconds > 0 ? [HumanText.span(retainedMicroseconds)] : [])
            + (retainedBytes > 0 ? [HumanText.bytes(retainedBytes)] : [])
        return limits.isEmpty ? "for ever" : limits.joined(separator: ", ")
    }

    var quotaText: String {
        quotaBytesPerSecond > 0 ? "\(HumanText.bytes(quotaBytesPerSecond)) a second" : "none"
    }
}
