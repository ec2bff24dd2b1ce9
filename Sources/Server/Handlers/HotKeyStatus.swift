internal import Catalog
internal import Foundation
internal import RPC
internal import Tables

// Keys may be names or numbers of people: everybody sees their hashes, and an administrator of the table the keys.

extension Engine {
    /// How long lookups count, at least; at most twice that.
    static let hotKeySpanMicroseconds: Int64 = 60_000_000
    private static let shownHotKeys = 5

    func addHotKeys(of table: TableEntry, isRevealed: Bool, to status: inout WireTableStatus) {
        let hottest = hotKeys.hottest(of: table.id, count: Self.shownHotKeys)
        status.hotKeyLookups = hottest.lookups
        status.hotKeys = hottest.keys.map { key in
            var shown = WireHotKey()
            shown.hash = key.hash
            shown.least = key.least
            shown.greatest = key.greatest
            if isRevealed, let bytes = key.key { shown.key = Data(bytes) }
            return shown
        }
    }
}

extension Access {
    /// Whoever administers no table is told so, instead of being shown less than was asked for.
    func checkReveals(_ catalog: CatalogSnapshot) throws(RPCError) {
        if isAdministrator || catalog.tables.values.contains(where: { allows(.admin, on: .table($0.name)) }) { return }
        throw RPCError.forbidden(caller, .admin, .server)
    }
}
