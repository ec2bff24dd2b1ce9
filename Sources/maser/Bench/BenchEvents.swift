internal import ArgumentParser
internal import Foundation
internal import MaserClient
internal import RPC
internal import Records

/// The events of `tools/bench/ingest`, which drives this: into a file for other systems, or into a category.
struct BenchEvents: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Makes the events of tools/bench/ingest, for a file or a category.",
        discussion: """
            JSON of about 150 bytes with 8 fields: at, key, value, amount, country, device, page, session.

              maser bench events --count 5000000 --file events.json
              maser bench events --count 5000000 --category events --app counts
              maser bench events --category events --rate 50000 --seconds 10 --probe counts
            """)

    private static let batchEvents = 4000
    private static let requestsInFlight = 4

    @Option(help: "Events.")
    var count = 1_000_000

    @Option(help: "Different keys.")
    var keys = 100_000

    @Option(help: "Zipf's exponent; 0 for uniform keys.")
    var theta = 0.99

    @Option(help: "Of the random numbers.")
    var seed: UInt64 = 1

    @Option(help: "Write them here, one a line.")
    var file: String?

    @Option(help: "Append them to this category.")
    var category: String?

    @Option(help: "Make all of them before the clock starts, and stop it when this app has applied them.")
    var app: String?

    @Option(help: "Append so many a second.")
    var rate: Int?

    @Option(help: "How long to keep a rate.")
    var seconds = 10.0

    @Option(help: "With a rate: look up keys in this table, to see how long after their acknowledgement they show.")
    var probe: String?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if count < 1 || keys < 1 { throw ValidationError("--count and --keys have to be at least 1") }
        if theta < 0 || theta >= 1 { throw ValidationError("--theta is \(theta), but goes from 0 up to, not with, 1") }
        if (file == nil) == (category == nil) { throw ValidationError("give either --file or --category") }
        if let rate, rate < 100 { throw ValidationError("--rate is \(rate), but at least 100") }
        if (rate != nil) != (probe != nil) { throw ValidationError("--rate and --probe go together") }
    }

    mutating func run() async throws {
        let command = self
        let figures: [String: Double]
        if let file {
            figures = try Self.write(generator(), count, to: file)
        } else {
            figures = try await withClient(connection, connections: 2) { client in
                if let probe = command.probe { return try await command.probe(probe, client) }
                return try await command.append(client)
            }
        }
        if output.json {
            try Output.standard.json(figures)
        } else {
            for (name, figure) in figures.sorted(by: { $0.key < $1.key }) {
                Output.standard.line("\(name) \(figure)")
            }
        }
    }

    /// Event times end about now.
    func generator(seedOffset: UInt64 = 0) -> EventGenerator {
        let milliseconds = Int64(Double(count) / Double(EventGenerator.eventsPerSecond) * 1000)
        return EventGenerator(
            keyCount: keys, theta: theta, start: Moment.now.microseconds / 1000 - milliseconds, seed: seed + seedOffset)
    }

    private static func write(_ generator: EventGenerator, _ count: Int, to path: String) throws -> [String: Double] {
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
        else { throw CommandError("cannot write \(path)") }
        defer { try? file.close() }
        var generator = generator
        var bytes: [UInt8] = []
        var total = 0
        for _ in 0..<count {
            generator.append(to: &bytes)
            bytes.append(UInt8(ascii: "\n"))
            if bytes.count > 4 << 20 {
                total += bytes.count
                try file.write(contentsOf: bytes)
                bytes.removeAll(keepingCapacity: true)
            }
        }
        total += bytes.count
        try file.write(contentsOf: bytes)
        return ["bytes": Double(total), "events": Double(count)]
    }

    // MARK: Appending

    private func append(_ client: Client) async throws -> [String: Double] {
        let source = EventSource(generator(), count: count, batchEvents: Self.batchEvents)
        if app != nil { await source.makeAll() }
        var acknowledged = 0.0
        let total = try await measure {
            acknowledged = try await measure { try await send(source, client) }
            if let app { try await BenchWait.wait(until: app, hasApplied: client) }
        }
        return [
            "events": Double(count), "append_events_per_second": Double(count) / acknowledged,
            "events_per_second": Double(count) / total,
        ]
    }

    private func send(_ source: EventSource, _ client: Client) async throws {
        let category = client.category(category ?? "")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<Self.requestsInFlight {
                group.addTask {
                    while let batch = await source.next() {
                        _ = try await category.append(values: batch, timeout: .seconds(60))
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}

/// Events in requests, made when they are asked for or all beforehand.
actor EventSource {
    private var generator: EventGenerator
    private var left: Int
    private let batchEvents: Int
    /// The last first.
    private var made: [ByteStrings] = []

    init(_ generator: EventGenerator, count: Int, batchEvents: Int) {
        self.generator = generator
        left = count
        self.batchEvents = batchEvents
    }

    func makeAll() {
        while let batch = makeNext() { made.append(batch) }
        made.reverse()
    }

    func next() -> ByteStrings? { made.popLast() ?? makeNext() }

    private func makeNext() -> ByteStrings? {
        guard left > 0 else { return nil }
        let count = min(left, batchEvents)
        left -= count
        var batch = ByteStrings()
        for _ in 0..<count {
            generator.append(to: &batch.arena)
            batch.ends.append(batch.arena.count)
        }
        return batch
    }
}

extension EventGenerator {
    mutating func nextEvent() -> [UInt8] {
        var event: [UInt8] = []
        event.reserveCapacity(160)
        append(to: &event)
        return event
    }
}
