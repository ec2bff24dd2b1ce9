internal import Catalog

// Retention drops whole spans, oldest first: what can be dropped follows from the spans alone.

extension CategoryLog {
    /// How many of the oldest spans hold nothing but what the category need not keep: older than its time, or beyond its bytes.
    /// Never the newest, which tells where the buckets stand.
    func expendableSpans(_ retention: Retention, now: Int64) -> Int {
        var rest = spans.reduce(0) { $0 + $1.byteCount }
        var count = 0
        while count < spans.count - 1 {
            rest -= spans[count].byteCount
            let isBeyondBytes = retention.bytes.map { rest >= Int(clamping: $0) } ?? false
            let isTooOld = retention.microseconds.map { spans[count + 1].starts.newest < now - $0 } ?? false
            guard isBeyondBytes || isTooOld else { break }
            count += 1
        }
        return count
    }

    /// How many of the oldest spans end before every one of these positions.
    func spansBefore(_ needed: [Int: Int64], atMost limit: Int) -> Int {
        var count = 0
        while count < limit, needed.allSatisfy({ spans[count + 1].start(ofBucket: $0.key).offset <= $0.value }) {
            count += 1
        }
        return count
    }

    /// Whether the newest span has records, all of which are too old: only a span after it lets it go.
    func isNewestSpanTooOld(_ retention: Retention, now: Int64) -> Bool {
        guard let kept = retention.microseconds, let last = spans.last else { return false }
        let hasRecords = ends.indices.contains { ends[$0].offset > last.start(ofBucket: $0).offset }
        return hasRecords && ends.newest < now - kept
    }

    /// Whether every one of these positions is at its bucket's end.
    func ends(before needed: [Int: Int64]) -> Bool {
        needed.allSatisfy { end(ofBucket: $0.key).offset <= $0.value }
    }

    /// Whether the next record begins a span.
    func needsSpan(_ category: CategoryEntry, now: Int64) -> Bool {
        guard let last = spans.last else { return true }
        if let kept = category.retention?.microseconds, spans.count < Self.greatestAgedSpans,
            now - last.begunAt >= category.spanMicroseconds(keeping: kept)
        {
            // An empty one has no age.
            return ends.indices.contains { ends[$0].offset > last.start(ofBucket: $0).offset }
        }
        return last.byteCount >= max(category.spanBytes, spans.reduce(0) { $0 + $1.byteCount } / Self.spansOfOneSize)
    }

    /// As many are there only where somebody holds retention back: then size alone begins a span.
    private static let greatestAgedSpans = 16
    /// Beyond so many, spans grow with the log, so that they stay few in the largest.
    private static let spansOfOneSize = 32
}

extension CategoryEntry {
    private static let spansWithinRetention = 4
    private static let leastSpanBytes = 1 << 20
    private static let leastSpanMicroseconds: Int64 = 1_000_000

    /// Small enough that retention, which drops whole spans, keeps not much more than it was asked to.
    fileprivate var spanBytes: Int {
        guard let kept = retention?.bytes else { return LogDatabase.spanBytes }
        return min(LogDatabase.spanBytes, max(Self.leastSpanBytes, Int(clamping: kept) / Self.spansWithinRetention))
    }

    fileprivate func spanMicroseconds(keeping kept: Int64) -> Int64 {
        max(Self.leastSpanMicroseconds, kept / Int64(Self.spansWithinRetention))
    }
}

extension [BucketEnd] {
    /// When the last record of all buckets was appended.
    fileprivate var newest: Int64 { reduce(0) { Swift.max($0, $1.appendTime) } }
}
