internal import Catalog
internal import RPC

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The newest catalog as one thread has it: names in messages find their tables by their bytes, without a String or a
/// lowercased copy each time.
///
/// Used by one thread.
final class LoopCatalog {
    private let store: CatalogStore
    private var publication: UInt64
    private(set) var snapshot: CatalogSnapshot
    private var named: [Named] = []
    private var recent = 0

    private struct Named {
        let name: [UInt8]
        let table: TableReference
    }

    init(_ store: CatalogStore) {
        self.store = store
        publication = store.publication
        snapshot = store.snapshot
    }

    /// Takes over what was published since.
    func refresh() {
        let newest = store.publication
        if newest == publication { return }
        publication = newest
        snapshot = store.snapshot
        named.removeAll(keepingCapacity: true)
    }

    func table(wireName: UnsafeRawBufferPointer) throws(RPCError) -> TableReference {
        if recent < named.count, isEqual(named[recent].name, wireName) { return named[recent].table }
        if let index = named.firstIndex(where: { isEqual($0.name, wireName) }) {
            recent = index
            return named[index].table
        }
        let table: TableReference
        do {
            table = TableReference(try snapshot.table(wireName: wireName))
        } catch {
            throw RPCError(error)
        }
        // A client may write a name in as many ways as it has letters.
        if named.count == Self.greatestCount { named.removeAll(keepingCapacity: true) }
        recent = named.count
        named.append(Named(name: [UInt8](wireName), table: table))
        return table
    }

    private func isEqual(_ name: [UInt8], _ other: UnsafeRawBufferPointer) -> Bool {
        guard name.count == other.count, let start = other.baseAddress else { return false }
        return name.withUnsafeBytes { memcmp($0.baseAddress ?? start, start, other.count) == 0 }
    }

    private static let greatestCount = 64
}

/// A table's entry behind one reference: handing it on costs no more than that.
final class TableReference: Sendable {
    let entry: TableEntry
    /// The entry's; beside it, for every answer has them.
    let id: UInt32
    let schemaRevision: UInt32
    private let servingVersion: UInt32

    init(_ entry: TableEntry) {
        self.entry = entry
        id = entry.id
        schemaRevision = entry.schemaRevision
        servingVersion = entry.servingVersion
    }

    /// Whether a lookup finds the same in both: they may have been named in two ways, or come from two editions of the catalog.
    func isRead(like other: TableReference) -> Bool {
        if self === other { return true }
        guard id == other.id, schemaRevision == other.schemaRevision else { return false }
        return servingVersion == other.servingVersion
    }
}
