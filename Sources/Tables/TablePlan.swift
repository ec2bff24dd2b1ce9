internal import Catalog
internal import Synchronization

/// What reading a table needs to know, worked out once for each revision of its schema.
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

extension TableStore {
    func plan(of table: TableEntry) -> TablePlan {
        let known = plans.withLock { $0[table.id] }
        if let known, known.entry.schemaRevision == table.schemaRevision { return known }
        let plan = TablePlan(table, shardCount: catalog.snapshot.shardCount)
        plans.withLock { $0[table.id] = plan }
        return plan
    }
}
