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
    /// That the rows are of; 0 where nothing was ever loaded.
    package var version: UInt32 = 0

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
    /// hashes one shard is read, else all of them. All pages of a scan are of one version: that of its first.
    package func scan(_ table: TableEntry, _ range: ScanRange) throws(TablesError) -> ScanPage {
        let continuation = try TableStore.continuation(of: range, in: table)
        guard let version = try version(continuation?.version ?? range.version, of: table, continuing: continuation)
        else {
            try plan(of: table).checkBounds(of: range)
            return ScanPage()
        }
        let plan = plan(of: table.served(by: version.number))
        try plan.checkBounds(of: range)
        var page = ScanPage()
        page.version = version.number
        var bounds = TupleBounds(range)
        if let continuation {
            guard bounds.contains(continuation.tuple) else { throw TableStore.wrongContinuation(of: table) }
            bounds.resume(after: continuation.tuple, isReversed: range.isReversed)
        }
        if bounds.isEmpty { return page }
        let shards = try plan.shards(of: range)
        do {
            try plan.fill(
                &page,
                ShardMerge(
                    version.opened.database, version.family, shards: shards, bounds: bounds,
                    isReversed: range.isReversed), range)
            return page
        } catch {
            throw TablesError(thrown: error, "scanning table \(table.name)")
        }
    }

    /// The version that a scan is bound to, by its pin or its continuation; nil: the one that serves.
    package func pin(of range: ScanRange, in table: TableEntry) throws(TablesError) -> UInt32? {
        try TableStore.continuation(of: range, in: table)?.version ?? range.version
    }

    private static func continuation(
        of range: ScanRange, in table: TableEntry
    ) throws(TablesError) -> ScanContinuation? {
        if range.continuation.isEmpty { return nil }
        guard let continuation = ScanContinuation(range.continuation), continuation.table == table.id,
            continuation.isReversed == range.isReversed, range.version == nil || range.version == continuation.version
        else { throw wrongContinuation(of: table) }
        return continuation
    }

    private func version(
        _ pin: UInt32?, of table: TableEntry, continuing continuation: ScanContinuation?
    ) throws(TablesError) -> ReadVersion? {
        do throws(TablesError) {
            return try version(pin, of: table)
        } catch {
            guard continuation != nil, error.code == .versionGone else { throw error }
            throw TablesError(
                .versionGone, "\(error.message); the scan began on it, and cannot go on: begin it anew", cause: error)
        }
    }

    private static func wrongContinuation(of table: TableEntry) -> TablesError {
        TablesError(.wrongContinuation, "the continuation does not belong to this scan of table \(table.name)")
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

    fileprivate func fill(_ page: inout ScanPage, _ merge: ShardMerge, _ range: ScanRange) throws {
        var merge = merge
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
                    ScanContinuation(
                        table: entry.id, version: page.version, isReversed: range.isReversed, tuple: last
                    ).bytes
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
            if range.isRaw { return try presenter.copyStates(stored, into: &page.rows) }
            try presenter.present(stored, into: &page.rows) { index throws(TablesError) in
                try keys.arena.withBytes { arena throws(TablesError) in
                    try paneStart(of: UnsafeRawBufferPointer(rebasing: arena[keys.range(at: index)]))
                }
            }
        }
        page.keys = keys
    }
}
