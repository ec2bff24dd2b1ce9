internal import ArgumentParser
internal import Bytes
internal import MaserClient
internal import RPC
internal import Records

struct Tail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the records of a category.",
        discussion: """
              maser tail flights --from latest --follow
              maser tail flights --from 2026-07-04T12:00:00Z
              maser tail flights --bucket 3 --from 1000
              maser tail delays_dead_letters          what an app could not read, and why

            A line is a record: bucket and offset, append time, key, value, headers.
            """)

    @Argument(help: "The category.")
    var category: String

    @Option(
        help: """
            Where to begin: earliest, latest, a time (of appending), or with --bucket an offset. By default earliest, \
            with --follow latest.
            """, transform: TailStart.read)
    var from: TailStart?

    @Option(help: "One bucket only.")
    var bucket: UInt32?

    @Flag(help: "Wait for more when everything is printed.")
    var follow = false

    @Flag(help: "Pass over records that the disk has damaged, and say on standard error which; else they end it.")
    var skipCorrupted = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if case .offset? = from, bucket == nil {
            throw ValidationError("an offset counts within one bucket; say which with --bucket")
        }
    }

    mutating func run() async throws {
        let (category, bucket, follow, json) = (category, bucket, follow, output.json)
        let skipCorrupted = skipCorrupted
        let start = from ?? (follow ? .latest : .earliest)
        try await withClient(connection) { client in
            let starts = try await offsets(client, start)
            if let bucket, bucket >= starts.count {
                throw CommandError("\(category) has buckets 0 to \(starts.count - 1), not \(bucket)")
            }
            let buckets = bucket.map { [$0] } ?? (0..<UInt32(starts.count)).map { $0 }
            if !follow {
                for bucket in buckets {
                    try await printBucket(
                        client, category, bucket, from: starts[Int(bucket)], follow: false, skipCorrupted, json)
                }
                return
            }
            try await withThrowingTaskGroup { group in
                for bucket in buckets {
                    group.addTask {
                        try await printBucket(
                            client, category, bucket, from: starts[Int(bucket)], follow: true, skipCorrupted, json)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    /// Where each bucket begins.
    private func offsets(_ client: Client, _ start: TailStart) async throws -> [Int64] {
        var request = WireSeekRequest()
        request.category = category
        switch start {
        case .earliest: request.earliest = WireEmpty()
        case .latest: request.latest = WireEmpty()
        case .time(let moment): request.appendTime = moment.microseconds
        case .offset(let offset):
            request.earliest = WireEmpty()
            return try await client.seek(request).map { max($0, offset) }
        }
        return try await client.seek(request)
    }
}

enum TailStart: WrittenArgument, Sendable {
    static let form = "earliest, latest, \(Moment.form), or with --bucket an offset"

    case earliest
    case latest
    case offset(Int64)
    case time(Moment)

    init?(argument: String) {
        switch argument.lowercased() {
        case "earliest": self = .earliest
        case "latest": self = .latest
        default:
            if let offset = Int64(argument), offset >= 0 {
                self = .offset(offset)
            } else if let time = Moment(argument: argument) {
                self = .time(time)
            } else {
                return nil
            }
        }
    }
}

private let waitMilliseconds: UInt32 = 10_000
private let recordsPerRead: UInt32 = 1000

/// Prints one bucket up to its end as it is now, or for ever.
private func printBucket(
    _ client: Client, _ category: String, _ bucket: UInt32, from start: Int64, follow: Bool, _ skipCorrupted: Bool,
    _ json: Bool
) async throws {
    var request = WireReadRequest()
    request.category = category
    request.bucket = bucket
    request.offset = start
    request.maxRecords = recordsPerRead
    request.waitMilliseconds = follow ? waitMilliseconds : 0
    request.skipCorrupted = skipCorrupted
    var end: Int64?
    while true {
        let page = try await client.read(request)
        let last = end ?? page.endOffset
        end = last
        for record in page.records where follow || record.offset < last {
            Output.standard.record(record, of: bucket, asJSON: json)
        }
        Output.standard.flush()
        for range in page.skipped {
            standardError(
                "maser: \(category) bucket \(bucket): skipped the records from offset \(range.first) up to \(range.end), "
                    + "which cannot be read")
        }
        if !follow, page.nextOffset == request.offset || page.nextOffset >= last { return }
        request.offset = page.nextOffset
    }
}
