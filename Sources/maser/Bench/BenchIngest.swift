internal import ArgumentParser
internal import MaserClient
internal import RPC
internal import Records

struct BenchIngest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest",
        abstract: "Records a second, from append to visible.",
        discussion: """
            JSON records of about 80 bytes go into a category of \(BenchApp.bucketCount) buckets, from which an app fills an \
            aggregate with daily panes and an upsert table. The clock runs from the first append until everything is visible.

              maser bench ingest --records 1000000
            """)

    private static let batchRecords = 4000

    @Option(help: "Records of one run.")
    var records = 500_000

    @Option(help: "Different keys.")
    var keys = 50_000

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var bench: BenchOptions

    func validate() throws {
        if records < 1 || keys < 1 { throw ValidationError("--records and --keys have to be at least 1") }
    }

    mutating func run() async throws {
        let (recordCount, keyCount, runs) = (records, keys, bench.runs)
        let figures = try await withClient(connection) { client in
            try await BenchApp.run(client) {
                var figures = BenchFigures()
                let batches = Self.batches(recordCount, keyCount)
                for _ in 0..<runs {
                    let progress = ProgressBar("ingest")
                    defer { progress.finish() }
                    var appended = 0.0
                    let visible = try await measure {
                        appended = try await measure {
                            var count = 0
                            for batch in batches {
                                _ = try await client.append(batch, to: BenchApp.name)
                                count += batch.count
                                progress.show(Double(count) / Double(recordCount), "\(HumanText.count(count)) records")
                            }
                        }
                        try await BenchApp.waitUntilApplied(client)
                    }
                    figures.add("ingest_appended_records_per_second", Double(recordCount) / appended)
                    figures.add("ingest_visible_records_per_second", Double(recordCount) / visible)
                }
                return figures
            }
        }
        Output.standard.line(
            "ingest, \(HumanText.count(recordCount)) records of \(HumanText.count(keyCount)) keys, one producer:")
        printSheet([
            ("  acknowledged", rate(figures.median("ingest_appended_records_per_second"), "records/s")),
            ("  visible", rate(figures.median("ingest_visible_records_per_second"), "records/s")),
        ])
        try figures.write(to: bench.jsonFile)
    }

    /// Made before the clock starts.
    private static func batches(_ records: Int, _ keys: Int) -> [[[UInt8]]] {
        let start = Moment.now.microseconds
        var generator = SystemRandomNumberGenerator()
        return stride(from: 0, to: records, by: batchRecords).map { first in
            (first..<min(first + batchRecords, records)).map { index in
                benchRecord(
                    id: Int.random(in: 0..<keys, using: &generator), at: start + Int64(index), value: Double(index) / 8)
            }
        }
    }
}

func benchRecord(id: Int, at microseconds: Int64, value: Double) -> [UInt8] {
    [UInt8](#"{"at":"\#(Records.Timestamp.format(microseconds))","id":"key-\#(id)","value":\#(value)}"#.utf8)
}

func rate(_ value: Double, _ unit: String) -> String {
    "\(HumanText.count(Int(value.isFinite ? value : 0))) \(unit)"
}
