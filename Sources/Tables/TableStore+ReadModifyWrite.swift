internal import Records
internal import RocksDB

// What a store without a merge operator would have to do, kept for a benchmark: see `TestSwitches`. It is done as well as it can
// be: keys are read in their order and many at once.

extension TableStore {
    private static let keysPerRead = 1024

    func addCombined(
        _ merges: VersionMerges, to batch: inout WriteBatch, _ family: Family, _ opened: OpenStore
    ) throws(TablesError) {
        let order = merges.keys.arena.withUnsafeBytes { KeyOrder.ascending(merges.keys, in: $0) }
        for start in stride(from: 0, to: order.count, by: Self.keysPerRead) {
            let indices = order[start..<min(start + Self.keysPerRead, order.count)]
            var keys = ByteStrings()
            var rows: [[UInt8]] = []
            for index in indices { keys.append(merges.keys[index]) }
            do {
                try keys.arena.withUnsafeBytes { arena in
                    try keys.ends.withUnsafeBufferPointer { ends in
                        try opened.database.withValues(forKeys: arena, ends: ends, in: family) { found in
                            for (place, index) in indices.enumerated() {
                                rows.append(combined(found[place], with: merges.operands[index]))
                            }
                        }
                    }
                }
            } catch let error as RocksDBError {
                throw TablesError(storage: error, "reading rows to combine")
            } catch {
                throw TablesError(storage: RocksDBError(.other, "\(error)"), "reading rows to combine")
            }
            for (place, row) in rows.enumerated() { batch.put([UInt8](keys[place]), row, in: family) }
        }
    }

    private func combined(_ row: UnsafeRawBufferPointer?, with operand: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        operand.withUnsafeBytes { operand in
            withUnsafePointer(to: operand) { operands in
                mergeOperator.merge(
                    key: UnsafeRawBufferPointer(start: nil, count: 0), existing: row,
                    operands: UnsafeBufferPointer(start: operands, count: 1), into: &result)
            }
        }
        return result
    }
}
