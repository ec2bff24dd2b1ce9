package import Catalog
internal import Records
internal import Synchronization

extension TableStore {
    /// Answers a batch from the hot-row cache; true where that was all of it. Never waits.
    package func lookUpHot(_ lookup: RowLookup, in table: TableEntry) throws(TablesError) -> Bool {
        lookup.removeRows()
        guard let target = try target(of: lookup, in: table), let hotRows else {
            lookup.missAll()
            return false
        }
        lookup.servedVersion = target.served
        lookup.hash(for: target.space, hotRows)
        lookup.hashes.withUnsafeBufferPointer { hashes in
            hotRows.find(
                lookup.keys, hashes: hashes, space: target.space, revision: target.plan.entry.schemaRevision,
                into: &lookup.rows, missed: &lookup.missed)
        }
        guard lookup.rows.messages.arena.count <= GetLimits.bytes else { throw GetLimits.exceeded }
        return lookup.missed.isEmpty
    }

    /// Whether the table's recent reads had to go to files: then they belong on threads that may wait.
    package func readsMissMemory(of table: TableEntry) -> Bool {
        guard let version = try? version(nil, of: table) else { return false }
        return version.version.misses.missesMemory
    }

    /// What a batch reads: what the last one did, unless something has changed. nil where nothing was ever loaded.
    private func target(of lookup: RowLookup, in table: TableEntry) throws(TablesError) -> RowLookup.Target? {
        let epoch = epoch.load(ordering: .acquiring)
        let asked = lookup.version ?? table.servingVersion
        if let known = lookup.target, known.epoch == epoch, known.table == table.id, known.asked == asked,
            known.isPinned == (lookup.version != nil), known.plan.entry.schemaRevision == table.schemaRevision
        {
            return known
        }
        lookup.target = nil
        guard let read = try version(lookup.version, of: table) else { return nil }
        lookup.target = RowLookup.Target(
            epoch: epoch, table: table.id, asked: asked, isPinned: lookup.version != nil, served: read.number,
            space: read.version.space.load(ordering: .acquiring), plan: plan(of: table.served(by: read.number)))
        return lookup.target
    }
}

extension GetLimits {
    static var exceeded: TablesError {
        TablesError(
            .limitExceeded, "the rows have more than \(bytes >> 20) MiB together; ask for fewer at once")
    }
}
