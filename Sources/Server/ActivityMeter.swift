internal import Processors
internal import Synchronization

/// How many records apps have read, looked at once a second, so that whoever asks learns a rate and not only a sum.
final class ActivityMeter: Sendable {
    struct BucketKey: Hashable {
        var app: String
        var category: UInt32
        var bucket: Int
    }

    /// Records a second over the last seconds; none for what was not there before.
    struct Rates {
        fileprivate(set) var apps: [String: Double] = [:]
        fileprivate(set) var buckets: [BucketKey: Double] = [:]
    }

    private struct Sample {
        var time: Int64
        var apps: [String: UInt64] = [:]
        var buckets: [BucketKey: UInt64] = [:]

        init(_ statuses: [AppRunnerStatus], at time: Int64) {
            self.time = time
            for status in statuses {
                apps[status.app] = status.records
                for bucket in status.buckets {
                    buckets[BucketKey(app: status.app, category: bucket.category, bucket: bucket.bucket)] =
                        bucket.records
                }
            }
        }
    }

    private static let spacingMicroseconds: Int64 = 1_000_000
    private static let sampleCount = 6

    private let samples = Mutex<[Sample]>([])

    /// Takes a sample where the last one is a second old.
    func look(at statuses: @autoclosure () -> [AppRunnerStatus], now: Int64) {
        let isDue = samples.withLock { ($0.last?.time ?? .min) <= now - Self.spacingMicroseconds }
        if !isDue { return }
        let sample = Sample(statuses(), at: now)
        samples.withLock { samples in
            samples.append(sample)
            if samples.count > Self.sampleCount { samples.removeFirst() }
        }
    }

    func rates(of statuses: [AppRunnerStatus], now: Int64) -> Rates {
        guard let before = samples.withLock({ $0.first }), now > before.time else { return Rates() }
        let seconds = Double(now - before.time) / 1e6
        /// A runner that was started again counts from 0 again.
        func rate(_ count: UInt64, _ before: UInt64?) -> Double? {
            before.map { count > $0 ? Double(count - $0) / seconds : 0 }
        }
        let after = Sample(statuses, at: now)
        var rates = Rates()
        for (app, count) in after.apps { rates.apps[app] = rate(count, before.apps[app]) }
        for (bucket, count) in after.buckets { rates.buckets[bucket] = rate(count, before.buckets[bucket]) }
        return rates
    }
}
