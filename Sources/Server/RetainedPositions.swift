internal import Catalog
internal import Synchronization
internal import Tables

/// What the log must not drop, because an app has yet to apply it. The log is there before the apps are: until they are, nothing goes.
final class RetainedPositions: Sendable {
    private let progress = Mutex<StoredProgress?>(nil)
    private let known = Mutex<[UInt32: Known]>([:])

    /// What was needed once, of a category and its readers as they were then.
    private struct Known {
        var readers: Readers
        var offsets: [Int64]
    }

    private struct Readers: Equatable {
        var category: CategoryEntry?
        var apps: [UInt32: AppEntry]
        var tables: [UInt32: TableEntry]

        init(of id: UInt32, in snapshot: CatalogSnapshot) {
            category = snapshot.category(id: id)
            apps = snapshot.apps
            tables = snapshot.tables
        }
    }

    func begin(_ progress: StoredProgress) {
        self.progress.withLock { $0 = progress }
    }

    /// Lets the stores go.
    func end() {
        progress.withLock { $0 = nil }
    }

    /// By bucket; nil where it is not known, as while the tables cannot be read.
    ///
    /// While they cannot be written, which a full disk is a reason for, what was needed before still holds: the same readers
    /// only go on. So the spans before it make room.
    func needed(inCategory id: UInt32) -> [Int: Int64]? {
        guard let progress = progress.withLock({ $0 }) else { return nil }
        let snapshot = progress.catalog.snapshot
        let readers = Readers(of: id, in: snapshot)
        if let offsets = try? progress.needed(inCategory: id, in: snapshot) {
            known.withLock { $0[id] = Known(readers: readers, offsets: offsets) }
        }
        guard let known = known.withLock({ $0[id] }), known.readers == readers else { return nil }
        return Dictionary(uniqueKeysWithValues: known.offsets.enumerated().map { ($0.offset, $0.element) })
    }
}
