internal import Bytes
internal import Foundation
internal import Histogram
internal import MaserClient
internal import RPC
internal import Records

// A steady stream of events, and among them some with keys of their own, which are looked up from the moment of their
// acknowledgement until they show.

extension BenchEvents {
    private static let requestsPerSecond = 100
    /// One request in so many carries a probe.
    private static let requestsPerProbe = 2
    private static let minute: Int64 = 60_000_000

    func probe(_ table: String, _ client: Client) async throws -> [String: Double] {
        let category = category ?? ""
        let rate = rate ?? 0
        var generator = generator()
        let clock = ContinuousClock()
        let start = clock.now
        let ticks = Int(seconds * Double(Self.requestsPerSecond))
        let latencies = try await withThrowingTaskGroup(of: Double?.self) { group in
            var latencies = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
            for tick in 0..<ticks {
                var events = (0..<rate / Self.requestsPerSecond).map { _ in generator.nextEvent() }
                let due = start + .microseconds(tick * 1_000_000 / Self.requestsPerSecond)
                if clock.now < due { try await clock.sleep(until: due) }
                let isProbe = tick % Self.requestsPerProbe == 0
                let now = Moment.now.microseconds
                let name = "probe-\(start)-\(tick)"
                if isProbe {
                    events.append(
                        [UInt8](#"{"at":\#(now / 1000),"key":"\#(name)","value":1.0,"amount":1}"#.utf8))
                }
                group.addTask { [events] in
                    _ = try await client.append(events, to: category)
                    guard isProbe else { return nil }
                    return try await Self.secondsToSee(name, at: now, in: table, client)
                }
            }
            for try await seconds in group {
                if let seconds { latencies.record(UInt64(seconds * 1e6)) }
            }
            return latencies
        }
        let elapsed = (clock.now - start).inSeconds
        return [
            "visible_p50_ms": Double(latencies.valueAtPercentile(50)) / 1000,
            "visible_p99_ms": Double(latencies.valueAtPercentile(99)) / 1000,
            "events_per_second": Double(ticks * (rate / Self.requestsPerSecond)) / elapsed,
            "probes": Double(latencies.totalCount),
        ]
    }

    private static func secondsToSee(
        _ name: String, at time: Int64, in table: String, _ client: Client
    ) async throws -> Double {
        let milliseconds = time / 1000 * 1000
        var key = ByteWriter()
        try encodeKey([.string(name), .timestamp(milliseconds - milliseconds % minute)], into: &key)
        return try await measure {
            let deadline = Date(timeIntervalSinceNow: 30)
            while try await client.get(table, keys: [key.bytes])[0] == nil {
                if Date() > deadline { throw CommandError("\(name) was not visible 30 s after its acknowledgement") }
                try await Task.sleep(for: .milliseconds(1))
            }
        }
    }
}
