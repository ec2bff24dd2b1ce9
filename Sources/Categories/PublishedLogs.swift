internal import Synchronization

/// What readers may see: logs up to the last synced write.
final class PublishedLogs: Sendable {
    private struct Published {
        var logs: [UInt32: CategoryLog] = [:]
        /// By category and bucket.
        var arrivals: [UInt32: [Arrivals]] = [:]
    }

    private let published = Mutex(Published())

    func log(of category: UInt32) -> CategoryLog? {
        published.withLock { $0.logs[category] }
    }

    /// Bucket's end alone, without copying the log; this is asked all the time.
    func end(category: UInt32, bucket: Int) -> Int64 {
        published.withLock { $0.logs[category]?.end(ofBucket: bucket).offset ?? 0 }
    }

    /// Where a bucket ends, and when the record at `offset` was appended, or a time somewhat before; nil where nobody remembers.
    func arrival(category: UInt32, bucket: Int, offset: Int64) -> (end: Int64, time: Int64?) {
        published.withLock { published in
            let end = published.logs[category]?.end(ofBucket: bucket).offset ?? 0
            guard offset < end, let arrivals = published.arrivals[category], arrivals.indices.contains(bucket) else {
                return (end, nil)
            }
            return (end, arrivals[bucket].time(of: offset))
        }
    }

    var all: [UInt32: CategoryLog] { published.withLock { $0.logs } }

    func publish(_ log: CategoryLog) {
        published.withLock { published in
            let former = published.logs[log.category]?.ends ?? []
            for (bucket, end) in log.ends.enumerated() {
                let formerEnd = bucket < former.count ? former[bucket].offset : 0
                if end.offset > formerEnd {
                    published.arrivals[log.category, default: []].note(
                        bucket: bucket, offset: formerEnd, time: end.appendTime)
                }
            }
            published.logs[log.category] = log
        }
    }

    func publish(_ all: [UInt32: CategoryLog]) {
        published.withLock { published in
            published.logs = all
            // Ends may lie lower than they did.
            published.arrivals = [:]
        }
    }

    func remove(_ category: UInt32) {
        published.withLock { published in
            published.logs[category] = nil
            published.arrivals[category] = nil
        }
    }
}

extension [Arrivals] {
    fileprivate mutating func note(bucket: Int, offset: Int64, time: Int64) {
        while count <= bucket { append(Arrivals()) }
        self[bucket].note(offset: offset, time: time)
    }
}
