internal import Synchronization

/// What readers may see: logs up to the last synced write.
final class PublishedLogs: Sendable {
    private let logs = Mutex<[UInt32: CategoryLog]>([:])

    func log(of category: UInt32) -> CategoryLog? {
        logs.withLock { $0[category] }
    }

    /// Bucket's end alone, without copying the log; this is asked all the time.
    func end(category: UInt32, bucket: Int) -> Int64 {
        logs.withLock { $0[category]?.end(ofBucket: bucket).offset ?? 0 }
    }

    var all: [UInt32: CategoryLog] { logs.withLock { $0 } }

    func publish(_ log: CategoryLog) {
        logs.withLock { $0[log.category] = log }
    }

    func publish(_ all: [UInt32: CategoryLog]) {
        logs.withLock { $0 = all }
    }

    func remove(_ category: UInt32) {
        logs.withLock { $0[category] = nil }
    }
}
