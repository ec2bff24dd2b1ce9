internal import Bytes
package import Catalog
package import Records
internal import RocksDB

/// Some rows of a scan, in its order.
package struct ScanPage: Sendable {
    /// Tuples.
    package var keys = ByteStrings()
    /// One for each key, every one present.
    package var rows = RowMessages()
    /// For the next page; empty where the range is exhausted. A page may be short, or empty, and still go on.
    package var continuation: [UInt8] = []

    package init() {}
}

/// What one page may cost.
package enum ScanLimits {
    package static let rows = 10_000
    /// Keys and stored values together; one row may exceed it.
    package static let bytes = 4 << 20
    /// Tombstones count here and yield nothing.
    package static let visitedRows = 100_000
}

extension TableStore {
    /// A page of the rows in a range, in key order or against it. Where the prefix has all columns that the shard
    /// hashes one shard is read, else all of them.
    package func scan(_ table: TableEntry, _ range: ScanRange) throws(TablesError) -> ScanPage {
        let plan = plan(of: table)
        try plan.checkBounds(of: range)
        var bounds = TupleBounds(range)
        try plan.resume(&bounds, range)
        guard !bounds.isEmpty, let (opened, family) = try serving(table) else { return ScanPage() }
        let shards = try plan.shards(of: range)
        do {
            return try plan.page(
                ShardMerge(opened.database, family, shards: shards, bounds: bounds, isReversed: range.isReversed), range
            )
        } catch {
            throw TablesError(thrown: error, "scanning table \(table.name)")
        }
    }
}

extension TablePlan {
    fileprivate func checkBounds(of range: ScanRange) throws(TablesError) {
        // The prefix by itself too: it has to end where a column does.
        for end in [[], range.from ?? [], range.to ?? []] {
            try (range.prefix + end).withBytes { bytes throws(TablesError) in
                _ = try shape.columnCount(ofPrefix: bytes)
            }
        }
    }

    fileprivate func resume(_ bounds: inout TupleBounds, _ range: ScanRange) throws(TablesError) {
        if range.continuation.isEmpty { return }
        guard let continuation = ScanContinuation(range.continuation), continuation.table == entry.id,
            continuation.isReversed == range.isReversed, bounds.contains(continuation.tuple)
        else {
            throw TablesError(
                .wrongContinuation, "the continuation does not belong to this scan of table \(entry.name)")
        }
        bounds.resume(after: continuation.tuple, isReversed: range.isReversed)
    }

    fileprivate func shards(of range: ScanRange) throws(TablesError) -> [UInt16] {
        try range.prefix.withBytes { prefix throws(TablesError) in
            guard try shape.columnCount(ofPrefix: prefix) >= storageKey.shardColumnCount else {
                return (0..<storageKey.shardCount).map { UInt16($0) }
            }
            do throws(BytesError) {
                return [try storageKey.shard(of: prefix)]
            } catch {
                throw TablesError(.wrongKey, error.message, cause: error)
            }
        }
    }

    fileprivate func page(_ merge: ShardMerge, _ range: ScanRange) throws -> ScanPage {
        var merge = merge
        var page = ScanPage()
        var keys = ByteStrings()
        // Copied, for RocksDB's memory goes when its iterator moves.
        var values = ByteStrings()
        var last: [UInt8] = []
        var visited = 0
        let limit = range.limit > 0 ? min(range.limit, ScanLimits.rows) : ScanLimits.rows
        while !merge.isAtEnd {
            let isFull =
                keys.count == limit || visited == ScanLimits.visitedRows
                || keys.arena.count + values.arena.count >= ScanLimits.bytes
            if isFull {
                page.continuation =
                    ScanContinuation(table: entry.id, isReversed: range.isReversed, tuple: last).bytes
                break
            }
            visited += 1
            last = [UInt8](merge.tuple)
            if !Presenter.isAbsent(merge.value) {
                keys.append(merge.tuple)
                values.append(merge.value)
            }
            try merge.advance()
        }
        try values.arena.withUnsafeBytes { arena in
            let stored = (0..<values.count).map {
                UnsafeRawBufferPointer?(.init(rebasing: arena[values.range(at: $0)]))
            }
            try presenter.present(stored, into: &page.rows) { index throws(TablesError) in
                try keys.arena.withBytes { arena throws(TablesError) in
                    try paneStart(of: UnsafeRawBufferPointer(rebasing: arena[keys.range(at: index)]))
                }
            }
        }
        page.keys = keys
        return page
    }
}
