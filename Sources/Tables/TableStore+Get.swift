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
        let lookup = RowLookup()
        lookup.keys = keys
        if try !lookUpHot(lookup, in: table) { try lookUpStored(lookup, in: table) }
        return lookup.rows
    }

    /// The states of many keys as they are stored, and the version they are of; that is 0 where nothing was ever loaded.
    package func getStates(
        _ table: TableEntry, keys: ByteStrings, version: UInt32? = nil
    ) throws(TablesError) -> (rows: RowMessages, version: UInt32) {
        var rows = RowMessages()
        let plan = plan(of: table)
        let version = try read(keys, of: table, version: version, plan) { values throws(TablesError) in
            try plan.presenter.copyStates(values, into: &rows)
        }
        return (rows, version)
    }

    /// Hands over the stored values of keys, and tells the version; 0, and no value, where nothing was ever loaded.
    private func read(
        _ keys: ByteStrings, of table: TableEntry, version: UInt32?, _ plan: TablePlan,
        _ body: ([UnsafeRawBufferPointer?]) throws(TablesError) -> Void
    ) throws(TablesError) -> UInt32 {
        var storageKeys = ByteStrings()
        try plan.storageKeys(of: keys, into: &storageKeys)
        guard let read = try self.version(version, of: table) else {
            try body([UnsafeRawBufferPointer?](repeating: nil, count: keys.count))
            return 0
        }
        do {
            try storageKeys.arena.withUnsafeBytes { arena in
                try storageKeys.ends.withUnsafeBufferPointer { ends in
                    try read.opened.database.withValues(forKeys: arena, ends: ends, in: read.family) { values in
                        var stored: [UnsafeRawBufferPointer?] = []
                        stored.reserveCapacity(values.count)
                        for index in 0..<values.count { stored.append(values[index]) }
                        guard stored.reduce(0, { $0 + ($1?.count ?? 0) }) <= GetLimits.bytes else {
                            throw GetLimits.exceeded
                        }
                        try body(stored)
                    }
                }
            }
        } catch {
            throw TablesError(thrown: error, "reading table \(table.name)")
        }
        return read.number
    }

    package func get(_ table: TableEntry, keys: [[UInt8]]) throws(TablesError) -> RowMessages {
        var strings = ByteStrings()
        for key in keys { strings.append(key) }
        return try get(table, keys: strings)
    }
}

extension TablePlan {
    /// The storage keys of tuples, or of some of them, in place of what stands in `storageKeys`.
    func storageKeys(
        of keys: ByteStrings, at indices: [Int]? = nil, into storageKeys: inout ByteStrings
    ) throws(TablesError) {
        storageKeys.arena.removeAll(keepingCapacity: true)
        storageKeys.ends.removeAll(keepingCapacity: true)
        // Taken to pieces once: each use of a property would count references.
        let (shape, storageKey) = (shape, storageKey)
        try keys.arena.withBytes { arena throws(TablesError) in
            for place in 0..<(indices?.count ?? keys.count) {
                let tuple = UnsafeRawBufferPointer(rebasing: arena[keys.range(at: indices?[place] ?? place)])
                try shape.check(tuple)
                do throws(BytesError) {
                    try storageKey.append(tuple, to: &storageKeys)
                } catch {
                    throw TablesError(.wrongKey, "a key of table \(entry.name): \(error.message)", cause: error)
                }
            }
        }
    }
}

extension RowMessages {
    mutating func appendAbsent() {
        messages.ends.append(messages.arena.count)
        isPresent.append(false)
    }
}
