internal import Catalog
internal import Synchronization
internal import Tables

/// What the log must not drop, because an app has yet to apply it. The log is there before the apps are: until they are, nothing goes.
final class RetainedPositions: Sendable {
    private let progress = Mutex<StoredProgress?>(nil)
    private let known = Mutex<[UInt32: Known]>([:])

    /// What was needed once, and by whom.
    private struct Known {
        var readers: Readers
        var offsets: [Int64]
    }

    /// All that reads a category.
    private struct Readers {
        var bucketCount: Int
        var all: Set<Reader>

        init(of id: UInt32, in snapshot: CatalogSnapshot) {
            bucketCount = snapshot.category(id: id)?.bucketCount ?? 0
            all = []
            for app in snapshot.apps.values {
                for table in app.tableIDs.compactMap({ snapshot.table(id: $0) }) {
                    guard let input = app.input(of: table), input.categoryID == id else { continue }
                    for version in table.versions {
                        let starts = version.backfill?.startOffsets ?? input.startOffsets
                        let sink = SinkID.table(VersionID(table: table.id, version: version.number))
                        all.insert(Reader(sink: sink, startOffsets: starts))
                    }
                }
                for output in app.outputIDs.compactMap({ snapshot.category(id: $0) }) {
                    guard case .records(let query)? = output.output, let input = app.input(named: query.input),
                        input.categoryID == id
                    else { continue }
                    all.insert(Reader(sink: .category(output.id), startOffsets: input.startOffsets))
                }
            }
        }

        /// Whether whatever they need was needed by `others` too, who only go on.
        func areAmong(_ others: Readers) -> Bool {
            bucketCount == others.bucketCount && all.isSubset(of: others.all)
        }
    }

    private struct Reader: Hashable {
        var sink: SinkID
        /// nil where nothing had been appended yet that is not to be counted.
        var startOffsets: [Int64]?
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
        guard let known = known.withLock({ $0[id] }), readers.areAmong(known.readers) else { return nil }
        return Dictionary(uniqueKeysWithValues: known.offsets.enumerated().map { ($0.offset, $0.element) })
    }
}
