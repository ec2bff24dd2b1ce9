internal import Bytes
internal import Catalog
internal import Synchronization

/// What reading a table needs to know, worked out once for each revision of its schema and each version that serves.
final class TablePlan: Sendable {
    let entry: TableEntry
    let storageKey: StorageKey
    let shape: KeyShape
    let presenter: Presenter

    init(_ entry: TableEntry, shardCount: Int) {
        self.entry = entry
        storageKey = StorageKey(of: entry, shardCount: shardCount)
        shape = KeyShape(of: entry)
        presenter = Presenter(entry)
    }
}

extension TablePlan {
    /// From a key that `shape` has checked; nil where the table has no panes.
    func paneStart(of key: UnsafeRawBufferPointer) throws(TablesError) -> Int64? {
        if entry.pane == nil { return nil }
        var reader = ByteReader(key)
        do throws(BytesError) {
            for _ in 1..<max(shape.columns.count, 1) { try reader.skipTupleElement() }
            guard case .int64(let start) = try reader.readTupleElement() else { return nil }
            return start
        } catch {
            throw TablesError(.corruption, "a key of table \(entry.name) has no pane: \(error.message)", cause: error)
        }
    }
}

extension TableStore {
    func plan(of table: TableEntry) -> TablePlan {
        let id = VersionID(table: table.id, version: table.servingVersion)
        let known = plans.withLock { $0[id] }
        // What a version presents depends on when it was made, which its id says.
        if let known, known.entry.schemaRevision == table.schemaRevision { return known }
        let plan = TablePlan(table, shardCount: catalog.snapshot.shardCount)
        plans.withLock { plans in
            if known == nil {
                plans = plans.filter { other, _ in
                    other.table != id.table || table.versions.contains { $0.number == other.version }
                }
            }
            plans[id] = plan
        }
        return plan
    }
}
