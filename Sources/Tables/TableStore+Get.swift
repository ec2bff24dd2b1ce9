internal import Bytes
package import Catalog
package import Records
internal import RocksDB

/// What one get may cost.
package enum GetLimits {
    /// Stored values together, which RocksDB lends: copying begins once they are known to be no more.
    package static let bytes = 64 << 20
}

extension TableStore {
    /// The rows of many keys, which are tuples, in their order.
    package func get(_ table: TableEntry, keys: ByteStrings) throws(TablesError) -> RowMessages {
        let plan = plan(of: table)
        let storageKeys = try TableStore.storageKeys(of: keys, plan)
        var rows = RowMessages()
        guard let (opened, family) = try serving(table) else {
            for _ in 0..<keys.count { rows.appendAbsent() }
            return rows
        }
        do {
            try storageKeys.arena.withUnsafeBytes { arena in
                try storageKeys.ends.withUnsafeBufferPointer { ends in
                    try opened.database.withValues(forKeys: arena, ends: ends, in: family, sorted: keys.count == 1) {
                        values in
                        var stored: [UnsafeRawBufferPointer?] = []
                        stored.reserveCapacity(values.count)
                        for index in 0..<values.count { stored.append(values[index]) }
                        guard stored.reduce(0, { $0 + ($1?.count ?? 0) }) <= GetLimits.bytes else {
                            throw TablesError(
                                .limitExceeded,
                                "the rows have more than \(GetLimits.bytes >> 20) MiB together; ask for fewer at once")
                        }
                        try plan.presenter.present(stored, into: &rows) { index throws(TablesError) in
                            try keys.arena.withBytes { arena throws(TablesError) in
                                try plan.paneStart(of: UnsafeRawBufferPointer(rebasing: arena[keys.range(at: index)]))
                            }
                        }
                    }
                }
            }
        } catch {
            throw TablesError(thrown: error, "reading table \(table.name)")
        }
        return rows
    }

    package func get(_ table: TableEntry, keys: [[UInt8]]) throws(TablesError) -> RowMessages {
        var strings = ByteStrings()
        for key in keys { strings.append(key) }
        return try get(table, keys: strings)
    }

    /// The family of the version that serves; nil where nothing was ever loaded. A request holds a snapshot of the
    /// catalog, and its version may have been replaced and dropped since: then it goes on with the new one, which may have been
    /// replaced in turn before it is found.
    func serving(_ table: TableEntry) throws(TablesError) -> (OpenStore, Family)? {
        let opened = try opened()
        var sought = table.servingVersion
        if let family = opened.family(VersionID(table: table.id, version: sought)) { return (opened, family) }
        while true {
            guard let newest = catalog.snapshot.table(id: table.id) else {
                throw TablesError(.notFound, "table \(table.name) was dropped")
            }
            if newest.versions.isEmpty { return nil }
            if let family = opened.family(VersionID(table: newest.id, version: newest.servingVersion)) {
                return (opened, family)
            }
            guard newest.servingVersion != sought else {
                throw TableStore.noVersion(VersionID(table: newest.id, version: sought))
            }
            sought = newest.servingVersion
        }
    }

    private static func storageKeys(of keys: ByteStrings, _ plan: TablePlan) throws(TablesError) -> ByteStrings {
        try keys.arena.withBytes { arena throws(TablesError) in
            for index in 0..<keys.count {
                try plan.shape.check(UnsafeRawBufferPointer(rebasing: arena[keys.range(at: index)]))
            }
        }
        var storageKeys = ByteStrings()
        do {
            try plan.storageKey.encode(keys, into: &storageKeys)
        } catch {
            throw TablesError(.wrongKey, "a key of table \(plan.entry.name): \(error.message)", cause: error)
        }
        return storageKeys
    }
}

extension RowMessages {
    mutating func appendAbsent() {
        messages.ends.append(messages.arena.count)
        isPresent.append(false)
    }
}
