internal import ArgumentParser
internal import Bytes
internal import Foundation
internal import Glibc
internal import Histogram
internal import RPC
internal import Synchronization

extension KeyDistribution: ExpressibleByArgument {}
extension LookupStyle: ExpressibleByArgument {}

/// Which protocol the server speaks.
enum ServerKind: String, CaseIterable, ExpressibleByArgument {
    case maser, redis
}

struct DriveLookups: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lookups",
        abstract: "Asks for rows as fast as the server answers, and prints the figures as one line of JSON.")

    @Argument(help: "Which server: \(ServerKind.allCases.map(\.rawValue).joined(separator: " or ")).")
    var server: ServerKind

    @Option(help: "Its port on 127.0.0.1.") var port: UInt16
    @Option(help: "Maser's table.") var table = "lookup"
    @Option(help: "Rows there are.") var keys = 1_000_000
    @Option(help: "How keys are drawn: uniform or zipfian.") var distribution = KeyDistribution.uniform
    @Option(help: "One request a key, or one for all of a burst: pipelined or batched.")
    var style = LookupStyle.pipelined
    @Option(help: "Keys that a connection asks for at once.") var burst = 50
    @Option var connections = 16
    @Option(help: "Threads that share the connections.") var threads = 1
    @Option(help: "Seconds that are measured.") var seconds = 5.0
    @Option(help: "Seconds before that.") var warmup = 1.0
    @Option(help: "Ends after so many lookups, also of the warm-up.") var count = Int.max
    @Option var seed: UInt64 = 1
    @Option(help: "PEM file of the CA; with it the connections use TLS.") var ca: String?
    @Option(help: "PEM file of the client's certificate.") var cert: String?
    @Option(help: "PEM file of its private key.") var key: String?
    @Option(help: "The server's process, whose use of the processors is shown.") var pid: Int?

    func validate() throws {
        guard keys > 0, keys <= Int(UInt32.max), burst > 0, connections > 0, threads > 0, seconds > 0, warmup >= 0
        else { throw ValidationError("every number has to be more than 0") }
    }

    func run() throws {
        let figures = try measure()
        let data = try JSONSerialization.data(withJSONObject: figures, options: [.sortedKeys])
        print(String(decoding: data, as: UTF8.self))
    }

    private func measure() throws -> [String: Double] {
        let context = try ca.map {
            try TLSContext(client: TLSClientConfiguration(caFile: $0, certificateFile: cert, keyFile: key))
        }
        let ready = Mutex(0)
        let begin = Atomic<UInt64>(0)
        let results = Mutex<[Result<DriveResult, any Error>]>([])
        let command = self
        for thread in 0..<threads {
            let worker = Thread {
                let result = Result {
                    let share = (command.connections + thread) / command.threads
                    return try command.drive(share, context, seed: command.seed &+ UInt64(thread) << 32) {
                        ready.withLock { $0 += 1 }
                        while begin.load(ordering: .acquiring) == 0 { usleep(1000) }
                        return command.times(from: begin.load(ordering: .acquiring))
                    }
                }
                results.withLock { $0.append(result) }
            }
            worker.start()
        }
        // Everything is drawn and connected before the clock runs.
        while ready.withLock({ $0 }) + results.withLock({ $0.count }) < threads { usleep(1000) }
        let start = monotonicNanoseconds()
        begin.store(start, ordering: .releasing)
        let processors = try ProcessorUse.measure(pid: pid, from: times(from: start).begin) {
            while results.withLock({ $0.count }) < threads { usleep(1000) }
        }
        var all = DriveResult()
        for result in results.withLock({ $0 }) { all.add(try result.get()) }
        return figures(all, processors)
    }

    private func times(from start: UInt64) -> DriveTimes {
        let begin = start + UInt64(warmup * 1e9)
        return DriveTimes(begin: begin, end: begin + UInt64(seconds * 1e9), mostLookups: count / threads)
    }

    /// One thread's work; `whenReady` returns when all may begin.
    private func drive(
        _ share: Int, _ context: TLSContext?, seed: UInt64, whenReady: () -> DriveTimes
    ) throws -> DriveResult {
        let sequence = KeySequence(distribution, keys: keys, seed: seed)
        switch server {
        case .maser:
            let wire = MaserWire(table: table, style: style, burst: burst)
            let connections = try connect(share, context, wire)
            for connection in connections { try MaserWire.greet(connection) }
            return try DriveLoop(wire, connections, sequence).run(whenReady())
        case .redis:
            let wire = RedisWire(style: style, burst: burst)
            return try DriveLoop(wire, try connect(share, context, wire), sequence).run(whenReady())
        }
    }

    private func connect(_ count: Int, _ context: TLSContext?, _ wire: some LookupWire) throws -> [Connection] {
        try (0..<count).map { _ in
            try Connection(
                host: "127.0.0.1", port: port, tls: context, burst: burst, requestBytes: wire.requestBytes(keys: burst))
        }
    }

    private func figures(_ all: DriveResult, _ processors: ProcessorUse) -> [String: Double] {
        let microseconds = { (percentile: Double) in Double(all.latencies.valueAtPercentile(percentile)) / 1e3 }
        return [
            "lookups": Double(all.lookups),
            "all_lookups": Double(all.allLookups),
            "seconds": all.seconds,
            "lookups_per_second": Double(all.lookups) / all.seconds,
            "p50_us": microseconds(50),
            "p99_us": microseconds(99),
            "compared_values": Double(all.comparedValues),
            // Below 1 for each thread: it has waited for answers.
            "generator_busy": all.processorSeconds / all.seconds / Double(threads),
            "generator_cpu_us_per_lookup": all.processorSeconds / Double(max(1, all.lookups)) * 1e6,
            "server_cpu_us_per_lookup": processors.serverSeconds / Double(max(1, all.lookups)) * 1e6,
            "server_cores": processors.serverSeconds / all.seconds,
            "idle_cores": processors.idleSeconds / all.seconds,
        ]
    }
}
