internal import Bytes
package import Catalog
internal import Records
internal import RocksDB

/// The panes of one key, combined.
package struct FoldResult: Sendable {
    /// The row's message; nil where there are no panes in the range.
    package var row: [UInt8]?
    package var panes = 0
    /// That the panes are of; 0 where nothing was ever loaded.
    package var version: UInt32 = 0
}

/// What one fold may cost.
package enum FoldLimits {
    package static let panes = 100_000
}

extension TableStore {
    /// Combines the states of the panes of one key whose start is at or after `from` and before `to`, in microseconds
    /// since 1970, and presents once. `key` is the tuple of every key column but the pane's start.
    package func fold(
        _ table: TableEntry, key: [UInt8], from: Int64? = nil, to: Int64? = nil, version pin: UInt32? = nil
    ) throws(TablesError) -> FoldResult {
        guard table.pane != nil else {
            throw TablesError(.unsupported, "table \(table.name) has no panes to fold; get reads its rows")
        }
        var result = FoldResult()
        let version = try version(pin, of: table)
        let plan = plan(of: version.map { table.served(by: $0.number) } ?? table)
        try key.withBytes { key throws(TablesError) in try plan.shape.check(key, missing: 1) }
        guard let version else { return result }
        result.version = version.number
        let range = ScanRange(prefix: key, from: from.map(TableStore.tuple), to: to.map(TableStore.tuple))
        let bounds = TupleBounds(range)
        if bounds.isEmpty { return result }
        do {
            let shard = try key.withBytes { key throws(BytesError) in try plan.storageKey.shard(of: key) }
            let panes = try version.opened.database.iterator(
                in: version.family, lowerBound: StorageKey.bytes(shard: shard, bounds.lower),
                upperBound: bounds.upper.map { StorageKey.bytes(shard: shard, $0) }
                    ?? StorageKey.bytes(shard: shard + 1, []))
            try plan.fold(panes, into: &result)
            return result
        } catch {
            throw TablesError(thrown: error, "folding table \(table.name)")
        }
    }

    private static func tuple(_ time: Int64) -> [UInt8] {
        var writer = ByteWriter(capacity: 9)
        writer.appendTuple(int64: time)
        return writer.bytes
    }
}

extension TablePlan {
    fileprivate func fold(_ panes: RowIterator, into result: inout FoldResult) throws {
        var fold = StateFold()
        // The row knows only what every pane of it does, and the first of them began before all others.
        var start: Int64?
        try panes.seekToFirst()
        while panes.isValid {
            let value = panes.value
            if !value.isEmpty {
                result.panes += 1
                guard result.panes <= FoldLimits.panes else {
                    throw TablesError(.limitExceeded, "a fold combines up to \(FoldLimits.panes) panes")
                }
                if result.panes == 1 { start = try paneStart(of: StorageKey.tuple(of: panes.key)) }
                guard fold.take(value) else { throw TablesError.corruptRow(of: entry.name) }
            }
            try panes.next()
        }
        if result.panes == 0 { return }
        var rows = RowMessages()
        try fold.value.withBytes { value throws(TablesError) in
            try presenter.present([value], into: &rows) { _ in start }
        }
        result.row = rows[0].map { [UInt8]($0) }
    }
}
