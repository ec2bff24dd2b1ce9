internal import Synchronization
internal import Tables

/// What the log must not drop, because an app has yet to apply it. The log is there before the apps are: until they are, nothing goes.
final class RetainedPositions: Sendable {
    private let progress = Mutex<StoredProgress?>(nil)

    func begin(_ progress: StoredProgress) {
        self.progress.withLock { $0 = progress }
    }

    /// Lets the stores go.
    func end() {
        progress.withLock { $0 = nil }
    }

    /// By bucket; nil where it is not known, as while the tables cannot be read.
    func needed(inCategory id: UInt32) -> [Int: Int64]? {
        guard let progress = progress.withLock({ $0 }), let needed = try? progress.needed(inCategory: id) else {
            return nil
        }
        return Dictionary(uniqueKeysWithValues: needed.enumerated().map { ($0.offset, $0.element) })
    }
}
