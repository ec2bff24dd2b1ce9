internal import Bytes
package import Catalog
internal import Records
internal import RocksDB

/// The panes of one key, combined.
package struct FoldResult: Sendable {
    /// The row's message; nil where there are no panes in the range.
    package var row: [UInt8]?
    package var panes: Int
}

/// What one fold may cost.
package enum FoldLimits {
    package static let panes = 100_000
}

extension TableStore {
    /// Combines the states of the panes of one key whose start is at or after `from` and before `to`, in microseconds
    /// since 1970, and presents once. `key` is the tuple of every key column but the pane's start.
    package func fold(
        _ table: TableEntry, key: [UInt8], from: Int64? = nil, to: Int64? = nil
    ) throws(TablesError) -> FoldResult {
        let plan = plan(of: table)
        guard table.pane != nil else {
            throw TablesError(.unsupported, "table \(table.name) has no panes to fold; get reads its rows")
        }
        try key.withBytes { key throws(TablesError) in try plan.shape.check(key, missing: 1) }
        let range = ScanRange(prefix: key, from: from.map(TableStore.tuple), to: to.map(TableStore.tuple))
        let bounds = TupleBounds(range)
        guard !bounds.isEmpty, let (opened, family) = try serving(table) else { return FoldResult(row: nil, panes: 0) }
        do {
            let shard = try key.withBytes { key throws(BytesError) in try plan.storageKey.shard(of: key) }
            return try plan.fold(
                ShardMerge(opened.database, family, shards: [shard], bounds: bounds, isReversed: false))
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
    fileprivate func fold(_ merge: ShardMerge) throws -> FoldResult {
        var merge = merge
        var result = FoldResult(row: nil, panes: 0)
        var folded = ByteWriter()
        var next = ByteWriter()
        var start = Int64.max
        while !merge.isAtEnd {
            if !Presenter.isAbsent(merge.value) {
                result.panes += 1
                // Of all that were combined, for the row knows only what every pane of it does.
                start = min(start, try paneStart(of: merge.tuple) ?? .min)
                guard result.panes <= FoldLimits.panes else {
                    throw TablesError(.limitExceeded, "a fold combines up to \(FoldLimits.panes) panes")
                }
                if folded.count == 0 {
                    folded.append(contentsOf: merge.value)
                } else {
                    try combine(folded.bytes, merge.value, into: &next)
                    swap(&folded, &next)
                    next.removeAll()
                }
            }
            try merge.advance()
        }
        if result.panes == 0 { return result }
        var rows = RowMessages()
        try folded.bytes.withUnsafeBytes { try presenter.present([$0], into: &rows) { _ in start } }
        result.row = rows[0].map { [UInt8]($0) }
        return result
    }

    private func combine(
        _ folded: [UInt8], _ pane: UnsafeRawBufferPointer, into writer: inout ByteWriter
    ) throws(TablesError) {
        try folded.withBytes { folded throws(TablesError) in
            guard let a = StoredValue(folded), let b = StoredValue(pane, like: a), a.kind == .fields, b.kind == .fields,
                FieldMerge.merge(a, b, into: &writer) == .merged
            else { throw TablesError.corruptRow(of: entry.name) }
        }
    }
}
