internal import ArgumentParser
internal import Histogram
internal import MaserClient
internal import RPC

struct BenchLookup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lookup",
        abstract: "Lookups a second of a table's rows: single, and in batches.",
        discussion: """
            Keys are a sample of the table's own, asked in random order by many tasks at once.

              maser bench lookup delay_by_route
              maser bench lookup delay_by_route --tasks 1       one at a time: the latency of a lookup
              maser bench lookup delay_by_route --rate 1000     so many single ones a second
            """)

    private static let sampledKeys = 10_000
    private static let warmUpSeconds = 1.0

    @Argument(help: "The table.")
    var table: String

    @Option(help: "Requests in flight at once.")
    var tasks = 64

    @Option(help: "Connections that they share.")
    var connections = 2

    @Option(help: "Keys of a batch.")
    var batch = 50

    @Option(help: "Seconds of each run.")
    var seconds = 3.0

    @Option(
        name: .customLong("rate"),
        help: "Single lookups a second, evenly spread; by default as many as the server answers.")
    var wantedRate: Double?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var bench: BenchOptions

    func validate() throws {
        if tasks < 1 || connections < 1 || batch < 1 || seconds <= 0 || wantedRate ?? 1 <= 0 {
            throw ValidationError("--tasks, --connections, --batch, --seconds and --rate have to be more than 0")
        }
    }

    mutating func run() async throws {
        let command = self
        let figures = try await withClient(connection, connections: connections) { client in
            let keys = try await Self.sample(client, command.table)
            if keys.isEmpty { throw CommandError("\(command.table) has no rows to look up") }
            var figures = BenchFigures()
            for _ in 0..<command.bench.runs {
                for (name, size) in command.kinds {
                    let run = try await command.run(client, keys, batch: size)
                    figures.add("lookup_\(name)_rows_per_second", run.rowsPerSecond)
                    figures.add("lookup_\(name)_p50_milliseconds", Double(run.latencies.valueAtPercentile(50)) / 1e6)
                    figures.add("lookup_\(name)_p99_milliseconds", Double(run.latencies.valueAtPercentile(99)) / 1e6)
                }
            }
            return figures
        }
        Output.standard.line("lookups of \(table), \(tasks) requests in flight on \(connections) connections:")
        printSheet(
            kinds.map { name, size in
                let (title, unit) = size > 1 ? ("  batches of \(size)", "rows/s") : ("  \(name)", "lookups/s")
                let latency = ["p50", "p99"].map { percentile in
                    "\(percentile) "
                        + HumanText.seconds(figures.median("lookup_\(name)_\(percentile)_milliseconds") / 1000)
                }.joined(separator: ", ")
                return (title, "\(rate(figures.median("lookup_\(name)_rows_per_second"), unit)), \(latency)")
            })
        try figures.write(to: bench.jsonFile)
    }

    private var kinds: [(name: String, size: Int)] {
        wantedRate == nil ? [("single", 1), ("batch", batch)] : [("paced", 1)]
    }

    private struct Run {
        var rowsPerSecond: Double
        /// Nanoseconds of each request.
        var latencies: Histogram<UInt64>
    }

    private func run(_ client: Client, _ keys: [[UInt8]], batch: Int) async throws -> Run {
        let (table, seconds, tasks) = (table, seconds, tasks)
        let interval = wantedRate.map { Duration.seconds(1 / $0) }
        let clock = ContinuousClock()
        let start = clock.now
        // Until then connections are made, and both sides warm up: what that takes is not what a lookup takes.
        let counted = start + .seconds(min(Self.warmUpSeconds, seconds / 2))
        let end = counted + .seconds(seconds)
        let all = try await withThrowingTaskGroup(of: Histogram<UInt64>.self) { group in
            for task in 0..<tasks {
                group.addTask {
                    var latencies = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
                    var random = QuickRandom()
                    var due = start + (interval ?? .zero) * task
                    var now = clock.now
                    while now < end {
                        if let interval {
                            // Where an answer came after the next lookup was due, that one has waited since then.
                            if due > now {
                                try await clock.sleep(until: due)
                                now = clock.now
                            } else {
                                now = due
                            }
                            due += interval * tasks
                        }
                        let wanted = (0..<batch).map { _ in keys[Int.random(in: 0..<keys.count, using: &random)] }
                        _ = try await client.get(table, keys: wanted)
                        let answered = clock.now
                        if now >= counted { latencies.record(UInt64((answered - now).inSeconds * 1e9)) }
                        now = answered
                    }
                    return latencies
                }
            }
            var all = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
            for try await latencies in group { all.add(latencies) }
            return all
        }
        let elapsed = (clock.now - counted).inSeconds
        return Run(rowsPerSecond: Double(all.totalCount) * Double(batch) / elapsed, latencies: all)
    }

    private static func sample(_ client: Client, _ table: String) async throws -> [[UInt8]] {
        var keys: [[UInt8]] = []
        try await client.scan(ClientScan(table: table, limit: sampledKeys)) { page in keys += page.value.map(\.key) }
        return keys
    }
}
