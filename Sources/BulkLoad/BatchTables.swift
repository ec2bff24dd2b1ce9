package import Catalog
internal import Records
package import Tables

/// Where the partials of a batch meet: a table store of its own, so that neither keys nor states need fit in memory.
package final class BatchTables {
    private let store: BatchStore
    private let entries: [TableEntry]

    /// `folder` is empty, and the caller's to remove.
    package init(_ tables: [TableEntry], folder: String) throws(BulkLoadError) {
        entries = tables.map { table in
            var table = table
            // A batch of the past has no rows that are too old.
            table.lifetimeMicroseconds = nil
            return table
        }
        store = try BatchStore(folder: "\(folder)/results", entries)
    }

    package func add(_ merges: [VersionMerges]) throws(BulkLoadError) {
        if merges.isEmpty { return }
        do {
            try store.tables.commit(Checkpoint(merges: merges, positions: []))
        } catch {
            throw BulkLoadError(batch: error, "merging partials")
        }
    }

    /// Hands over every row as it is served: the key, which is a tuple, and the row's message, in the order of the keys.
    package func rows(
        of table: TableEntry, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let entry = entry(of: table)
        var range = ScanRange()
        repeat {
            let page: ScanPage
            do {
                page = try store.tables.scan(entry, range)
            } catch {
                throw BulkLoadError(batch: error, "reading rows of \(entry.name)")
            }
            try page.keys.arena.withUnsafeBytes { keys in
                try page.rows.messages.arena.withUnsafeBytes { messages in
                    for index in 0..<page.keys.count {
                        try body(
                            UnsafeRawBufferPointer(rebasing: keys[page.keys.range(at: index)]),
                            UnsafeRawBufferPointer(rebasing: messages[page.rows.messages.range(at: index)]))
                    }
                }
            }
            range.continuation = page.continuation
        } while !range.continuation.isEmpty
        try checkOperands()
    }

    /// Hands over every state, a page after the other, in the order of the keys.
    package func states(of table: TableEntry, _ body: (StoredStates) throws -> Void) throws {
        try store.tables.states(of: entry(of: table), body)
        try checkOperands()
    }

    private func entry(of table: TableEntry) -> TableEntry {
        entries.first { $0.id == table.id } ?? table
    }

    /// An operand that the merge operator could not read would be missing from what it made, in silence.
    private func checkOperands() throws(BulkLoadError) {
        let count = store.tables.undecodableOperands
        if count > 0 { throw BulkLoadError(.corrupt, "\(count) partials could not be combined") }
    }
}
