extension Column {
    /// The values of both, which have one type.
    package func appending(_ more: Column) -> Column {
        let storage: Storage
        switch (self.storage, more.storage) {
        case (.bool(let first), .bool(let second)): storage = .bool(first + second)
        case (.int64(let first), .int64(let second)): storage = .int64(first + second)
        case (.double(let first), .double(let second)): storage = .double(first + second)
        case (.bytes(var first), .bytes(let second)):
            let start = first.arena.count
            first.arena += second.arena
            first.ends += second.ends.map { start + $0 }
            storage = .bytes(first)
        default: preconditionFailure("a \(type.rawValue) column and a \(more.type.rawValue) column are not one")
        }
        guard nulls != nil || more.nulls != nil else { return Column(type: type, storage: storage) }
        let none = [Bool](repeating: false, count: count)
        let moreNone = [Bool](repeating: false, count: more.count)
        return Column(type: type, storage: storage, nulls: (nulls ?? none) + (more.nulls ?? moreNone))
    }

    /// The values at `rows`, in that order; NULL where an element is nil.
    package func gather(optional rows: [Int?]) -> Column {
        var isMissing = [Bool](repeating: false, count: rows.count)
        for (index, row) in rows.enumerated() { isMissing[index] = row.map { nulls?[$0] == true } ?? true }
        let storage: Storage
        switch self.storage {
        case .bool(let values): storage = .bool(rows.map { $0.map { values[$0] } ?? false })
        case .int64(let values): storage = .int64(rows.map { $0.map { values[$0] } ?? 0 })
        case .double(let values): storage = .double(rows.map { $0.map { values[$0] } ?? 0 })
        case .bytes(let strings):
            var gathered = ByteStrings()
            gathered.ends.reserveCapacity(rows.count)
            strings.arena.withUnsafeBytes { arena in
                for row in rows {
                    if let row {
                        gathered.append(UnsafeRawBufferPointer(rebasing: arena[strings.range(at: row)]))
                    } else {
                        gathered.ends.append(gathered.arena.count)
                    }
                }
            }
            storage = .bytes(gathered)
        }
        return Column(type: type, storage: storage, nulls: isMissing.contains(true) ? isMissing : nil)
    }
}
