internal import ArgumentParser
internal import Bytes
internal import Foundation
internal import Histogram
internal import MaserClient
internal import RPC
internal import Records

struct BenchVisible: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "visible",
        abstract: "Time from an append's acknowledgement to its result being visible.",
        discussion: """
            One record at a time, at random moments, each with a key of its own; lookups of that key follow one another \
            until the row is there. What an app's least time between checkpoints does to this is part of the figure.

              maser bench visible --records 200
            """)

    private static let longestPauseMilliseconds = 400

    @Option(help: "Records of one run.")
    var records = 100

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var bench: BenchOptions

    func validate() throws {
        if records < 1 { throw ValidationError("--records is \(records), but at least one is needed") }
    }

    mutating func run() async throws {
        let (recordCount, runs) = (records, bench.runs)
        let figures = try await withClient(connection) { client in
            try await BenchApp.run(client) {
                var figures = BenchFigures()
                var id = 0
                for _ in 0..<runs {
                    let progress = ProgressBar("visible")
                    defer { progress.finish() }
                    var latencies = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
                    for index in 0..<recordCount {
                        try await Task.sleep(for: .milliseconds(Int.random(in: 0...Self.longestPauseMilliseconds)))
                        latencies.record(try await microsecondsToVisible(client, id))
                        id += 1
                        progress.show(Double(index + 1) / Double(recordCount), "\(index + 1) records")
                    }
                    figures.add("visible_p50_milliseconds", Double(latencies.valueAtPercentile(50)) / 1000)
                    figures.add("visible_p99_milliseconds", Double(latencies.valueAtPercentile(99)) / 1000)
                }
                return figures
            }
        }
        Output.standard.line(
            "from append acknowledged to visible, \(HumanText.count(recordCount)) records at random moments:")
        printSheet([
            ("  p50", HumanText.seconds(figures.median("visible_p50_milliseconds") / 1000)),
            ("  p99", HumanText.seconds(figures.median("visible_p99_milliseconds") / 1000)),
        ])
        try figures.write(to: bench.jsonFile)
    }

    private func microsecondsToVisible(_ client: Client, _ id: Int) async throws -> UInt64 {
        var key = ByteWriter()
        try encodeKey([.string("key-\(id)")], into: &key)
        let record = benchRecord(id: id, at: Moment.now.microseconds, value: 1)
        _ = try await client.append([record], to: BenchApp.name)
        let seconds = try await measure {
            let deadline = Date(timeIntervalSinceNow: 30)
            while try await client.get(BenchApp.latestTable, keys: [key.bytes])[0] == nil {
                if Date() > deadline { throw CommandError("a record was not visible 30 s after its acknowledgement") }
            }
        }
        return UInt64(seconds * 1e6)
    }
}
