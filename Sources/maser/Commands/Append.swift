internal import ArgumentParser
internal import MaserClient
internal import RPC

struct Append: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Appends lines to a category, a record each.",
        discussion: """
              maser append flights flights.jsonl
              gunzip -c flights.jsonl.gz | maser append flights

            Lines keep their order within a bucket. Empty lines are passed over. When it returns, everything is on the \
            server's disk, once: what got no answer is sent again, for a minute, and lands only where it had not. If it fails \
            it says how many lines were appended.

              maser append flights flights.jsonl --producer importer

            takes the place of whoever appends to the category under the same name: that one fails.
            """)

    private static let batchLines = 4000
    private static let batchBytes = 1 << 20

    @Argument(help: "The category.")
    var category: String

    @Argument(help: "Files to read, in order; none or - is standard input.")
    var files: [String] = []

    @Option(help: "A name of which one at a time may append to the category.")
    var producer: String?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let (category, producer, files) = (category, producer, files.isEmpty ? ["-"] : files)
        let (count, ends) = try await withClient(connection) { client in
            // Asked first, so that no input at all still finds a wrong name.
            _ = try await client.describe(category: category)
            let target =
                if let producer {
                    try await client.category(category, producer: producer)
                } else {
                    client.category(category)
                }
            var ends: [UInt32: Int64] = [:]
            var count = 0
            for file in files {
                var batch = 0
                do {
                    var reader = try LineReader(path: file)
                    let progress = ProgressBar(reader.name)
                    defer { progress.finish() }
                    while true {
                        let lines = try reader.next(maximumLines: Self.batchLines, maximumBytes: Self.batchBytes)
                        if lines.isEmpty { break }
                        batch = lines.count
                        for end in try await client.append(lines, to: target) { ends[end.bucket] = end.offset }
                        count += batch
                        progress.show(
                            reader.byteCount.map { Double(reader.bytesRead) / Double(max($0, 1)) },
                            "\(HumanText.count(count)) records")
                    }
                } catch {
                    throw CommandError(failure(error, file, appended: count, batch: batch))
                }
            }
            return (count, ends)
        }
        if output.json {
            try Output.standard.json(
                Answer(
                    category: category, records: count,
                    ends: ends.sorted { $0.key < $1.key }.map { Answer.End(bucket: $0.key, offset: $0.value) }))
        } else {
            Output.standard.line(
                "appended \(HumanText.count(count)) \(count == 1 ? "record" : "records") to \(category)")
        }
    }

    /// How far it got, so that a person can go on from there.
    private func failure(_ error: any Error, _ file: String, appended: Int, batch: Int) -> String {
        let code = (error as? ClientError)?.code
        let reason =
            if code == .fenced, let producer {
                "another began to append to \(category) as producer \(producer), and this one ended"
            } else {
                "\(error)"
            }
        if appended == 0, code != .unknownOutcome { return reason }
        let place = file == "-" ? "standard input" : file
        let known = "\(HumanText.count(appended)) \(appended == 1 ? "record was" : "records were") appended before that"
        return code == .unknownOutcome
            ? "\(reason) (\(place): \(known); the next \(HumanText.count(batch)) may have been)"
            : "\(reason) (\(place): \(known))"
    }

    private struct Answer: Encodable {
        struct End: Encodable {
            var bucket: UInt32
            var offset: Int64
        }

        var category: String
        var records: Int
        var ends: [End]
    }
}
