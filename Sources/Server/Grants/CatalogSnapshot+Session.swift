internal import Catalog
internal import RPC

// Tables and categories for a caller who has the right, by the names that stand in messages.

extension CatalogSnapshot {
    /// A table that the caller may read.
    func table(wireName: UnsafeRawBufferPointer, for session: CallerSession) throws -> TableEntry {
        try table(named: try text(wireName), for: session)
    }

    func table(named name: String, for session: CallerSession) throws -> TableEntry {
        guard let table = table(named: name) else {
            try session.check(.read, onName: .table(name))
            throw RPCError.noTable(name)
        }
        try session.check(.read, on: table)
        return table
    }

    func category(
        wireName: UnsafeRawBufferPointer, to right: Right, for session: CallerSession
    ) throws -> CategoryEntry {
        let name = try text(wireName)
        guard let category = category(named: name) else {
            try session.check(right, onName: .category(name))
            throw RPCError.noCategory(name)
        }
        try session.check(right, on: category)
        return category
    }
}
