// When may somebody say that a minute is over? The event times alone do not tell: records come late. An input's watermark
// is the event time before which, at a confidence that the app states, nothing more will come: 0.999 means that one record
// in a thousand is expected to come behind it. So it is estimated from how late records have been (Chen et al., "Realtime
// Data Processing at Facebook", SIGMOD 2016), and its promise is one that can be counted: the share of the records that did
// come behind it stands beside it.
//
//     watermark = frontier - quantile of lateness at the confidence; it never goes back
//     lateness of a record = frontier before it - its event time, at least 0
//
// The frontier is how far event time has come. Each bucket has its own greatest event time, and the frontier is the least of
// them, for the buckets are read in turns and one that is behind has much to say yet. With one bucket it is the greatest event
// time seen. Lateness is measured against the very frontier that the quantile is taken from: then a record is behind the watermark
// exactly where its lateness exceeds the quantile, and the promise holds whatever the buckets do to each other.
//
// - A bucket is idle, and does not hold the frontier back, when it has no record left while another has had one that was
//   appended 5 seconds later. Append times decide, and no clock: a replay finds the same buckets idle.
// - An event time counts for the frontier up to its record's append time. A clock that is days ahead would otherwise take the
//   frontier there with one record, and all others would be late for days.
// - Old lateness is forgotten by half with each hour of event time, but never faster than the records that a quantile in the tail
//   needs come in: a quiet input keeps its estimate, and a replay at full speed has the one of those who were there.
// - There is no watermark before 1 / (1 - confidence) records have been seen; of so few nobody can know the one in a thousand.
//
// All of it is in memory only. After a restart it is estimated anew, and a watermark may then stand before where it was. A bucket that
// had records before holds the frontier back until it has one again, or is idle. After a failure within one life of the app, records
// are read again, and the watermark stands beyond what has been applied: nobody may close anything by it until that has caught up.

/// Estimates the watermark of one input of an app.
struct InputWatermark {
    /// Stands for no time: before every event time, and far enough from the least Int64 to subtract any lateness.
    private static let never: Int64 = -(1 << 62)
    /// What is subtracted as long as there is no quantile: more than any two event times are apart.
    private static let unbounded: Int64 = 1 << 60
    private static let idleMicroseconds: Int64 = 5_000_000
    private static let halfLifeMicroseconds = 3600e6
    /// So many records of the tail are within a half-life at least; the share behind the watermark then errs by a tenth.
    private static let tailRecordsPerHalfLife = 64.0
    /// Many batches, for a batch is forgotten as one.
    private static let leastHalfLifeRecords = 65_536.0

    private struct Bucket {
        var greatest = InputWatermark.never
        /// Of the last record.
        var appendTime = Int64.min
        /// The next record to count: after a failure some are read again.
        var next = Int64.min
        /// The next record to apply; before `next` while records are read again.
        var position = Int64.min
        /// It had records before the app started, of whose times nobody knows any more.
        var hasForgottenRecords = false
        /// nil until it has been looked at.
        var isDrained: Bool?
    }

    let confidence: Double
    private let halfLifeRecords: Double
    private var buckets: [Bucket]
    private var newestAppendTime = Int64.min
    private var frontier = never
    private var latenesses = LatenessHistogram()
    private var quantile = unbounded
    private var watermark = never
    /// Seen while there was a watermark.
    private(set) var recordCount: UInt64 = 0
    /// Of them, those behind the watermark as it stood when they came.
    private(set) var lateCount: UInt64 = 0

    init(confidence: Double, bucketCount: Int) {
        self.confidence = confidence
        halfLifeRecords = max(Self.tailRecordsPerHalfLife / (1 - confidence), Self.leastHalfLifeRecords)
        buckets = [Bucket](repeating: Bucket(), count: bucketCount)
    }

    /// nil as long as there is none.
    var time: Int64? { hasTime ? watermark : nil }

    private var hasTime: Bool { watermark > Self.never / 8 }

    /// Whether everything that the watermark knows of has been applied.
    var isReached: Bool { buckets.allSatisfy { $0.position >= $0.next } }

    // MARK: Records

    /// The app stands in a bucket, or stands there again; the last record before was appended at `appendTime`, 0 where there is none.
    mutating func stand(at position: Int64, appendTime: Int64, bucket: Int) {
        guard buckets.indices.contains(bucket) else { return }
        buckets[bucket].position = position
        guard buckets[bucket].next == .min, appendTime > 0 else { return }
        buckets[bucket].hasForgottenRecords = true
        buckets[bucket].appendTime = appendTime
        newestAppendTime = max(newestAppendTime, appendTime)
    }

    /// Takes the event times of a batch of one bucket, but not those that are `excluded`. `appendTime` is that of the last
    /// record.
    mutating func observe(_ times: [Int64], excluded: [Bool]?, offsets: [Int64], appendTime: Int64, bucket: Int) {
        guard buckets.indices.contains(bucket), let last = offsets.last else { return }
        buckets[bucket].position = last + 1
        guard let first = offsets.firstIndex(where: { $0 >= buckets[bucket].next }) else { return }
        buckets[bucket].next = last + 1
        buckets[bucket].isDrained = false
        buckets[bucket].hasForgottenRecords = false
        buckets[bucket].appendTime = appendTime
        newestAppendTime = max(newestAppendTime, appendTime)
        let others = leastGreatest(without: bucket)
        // While a bucket has yet to be looked at, the bucket's own greatest event time is the only measure.
        var pass = Pass(
            greatest: buckets[bucket].greatest, others: others ?? .max, frontier: frontier,
            watermark: watermark, quantile: others == nil ? Self.unbounded : quantile, appendTime: appendTime)
        latenesses.add { bins, weight in
            times.withUnsafeBufferPointer { pass.count($0, from: first, excluded, into: bins, weight) }
        }
        buckets[bucket].greatest = pass.greatest
        if hasTime {
            recordCount += UInt64(pass.records)
            lateCount += UInt64(pass.late)
        }
        let before = frontier
        if others != nil { frontier = max(frontier, min(pass.others, pass.greatest)) }
        latenesses.decay(
            halfLives: min(
                Double(pass.records) / halfLifeRecords, Double(frontier - before) / Self.halfLifeMicroseconds))
        quantile = latenesses.quantile(confidence) ?? Self.unbounded
        watermark = max(pass.watermark, frontier - quantile)
    }

    /// One pass over the event times of a batch; what changes with each record, in registers.
    private struct Pass {
        var greatest: Int64
        let others: Int64
        let frontier: Int64
        var watermark: Int64
        let quantile: Int64
        let appendTime: Int64
        var records = 0
        var late = 0

        @inline(__always)
        mutating func count(
            _ times: UnsafeBufferPointer<Int64>, from first: Int, _ excluded: [Bool]?,
            into bins: UnsafeMutableBufferPointer<Double>, _ weight: Double
        ) -> Int {
            var inTime = 0
            for row in first..<times.count {
                if let excluded, excluded[row] { continue }
                let time = times[row]
                let frontier = max(self.frontier, min(others, greatest))
                watermark = max(watermark, frontier &- quantile)
                if time < frontier {
                    bins[LatenessHistogram.bin(of: frontier &- time)] += weight
                    if time < watermark { late += 1 }
                } else {
                    inTime += 1
                }
                greatest = max(greatest, min(time, appendTime))
                records += 1
            }
            bins[0] += Double(inTime) * weight
            return records
        }
    }

    // MARK: Buckets

    /// There is nothing left to read in a bucket.
    mutating func drained(bucket: Int) {
        guard buckets.indices.contains(bucket), buckets[bucket].isDrained != true else { return }
        buckets[bucket].isDrained = true
        guard let least = leastGreatest(without: nil), least < .max else { return }
        frontier = max(frontier, least)
        watermark = max(watermark, frontier - quantile)
    }

    /// The least of the greatest event times of all buckets, or of all but one, that are not idle; nil where that of one of
    /// them is not known yet.
    private func leastGreatest(without excluded: Int?) -> Int64? {
        var least = Int64.max
        for (number, bucket) in buckets.enumerated() where number != excluded {
            guard let isDrained = bucket.isDrained else { return nil }
            let isIdle =
                isDrained
                && (bucket.greatest == Self.never && !bucket.hasForgottenRecords
                    || newestAppendTime - bucket.appendTime > Self.idleMicroseconds)
            if isIdle { continue }
            if bucket.hasForgottenRecords { return nil }
            least = min(least, bucket.greatest)
        }
        return least
    }
}
