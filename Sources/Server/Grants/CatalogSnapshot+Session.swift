internal import Catalog
internal import RPC

// Tables and categories for a caller who has the right, by the names that stand in messages.

extension CatalogSnapshot {
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
