internal import Catalog
internal import RPC
internal import Synchronization
internal import Tables

/// What one event loop keeps from burst to burst to look rows up with.
///
/// Used by one thread.
final class LookupWorker {
    let catalog: LoopCatalog
    let hotKeys: HotKeySampler
    var batch = LookupBatch()
    /// What a lookup answered of late, on average.
    private var bytesPerLookup = 0

    /// Whether so much has gathered that it is to be answered before more is taken in.
    var isFull: Bool {
        let work = batch.work
        if work >= LookupHandler.workAtOnce { return true }
        return work * bytesPerLookup >= LookupHandler.bytesAtOnce
    }

    func note(answeredBytes bytes: Int, of work: Int) {
        bytesPerLookup = (bytesPerLookup + bytes / max(1, work)) / 2
    }

    init(_ store: CatalogStore, _ hotKeys: HotKeySampler) {
        catalog = LoopCatalog(store)
        self.hotKeys = hotKeys
    }
}

/// Batches that came back from the pool: the next one that goes there leaves another in its place.
final class SpareBatches: Sendable {
    private let batches = Mutex<[LookupBatch]>([])

    func take() -> LookupBatch {
        batches.withLock { $0.popLast() } ?? LookupBatch()
    }

    func putBack(_ batch: LookupBatch) {
        batch.removeAll()
        batches.withLock { batches in
            if batches.count < Self.greatestCount { batches.append(batch) }
        }
    }

    private static let greatestCount = 32
}
