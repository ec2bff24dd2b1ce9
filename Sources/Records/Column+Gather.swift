extension Column {
    /// The values at `rows`, in that order.
    package func gather(_ rows: [Int]) -> Column {
        let gathered: Storage
        switch storage {
        case .bool(let values): gathered = .bool(rows.map { values[$0] })
        case .int64(let values): gathered = .int64(rows.map { values[$0] })
        case .double(let values): gathered = .double(rows.map { values[$0] })
        case .bytes(let strings): gathered = .bytes(strings.gather(rows))
        }
        guard let nulls else { return Column(type: type, storage: gathered) }
        let kept = rows.map { nulls[$0] }
        return Column(type: type, storage: gathered, nulls: kept.contains(true) ? kept : nil)
    }
}

extension ByteStrings {
    package func gather(_ rows: [Int]) -> ByteStrings {
        var gathered = ByteStrings()
        gathered.ends.reserveCapacity(rows.count)
        arena.withUnsafeBytes { bytes in
            for row in rows { gathered.append(UnsafeRawBufferPointer(rebasing: bytes[range(at: row)])) }
        }
        return gathered
    }
}

extension RecordBatch {
    package func gather(_ rows: [Int]) -> RecordBatch {
        RecordBatch(count: rows.count, columns: columns.map { $0.gather(rows) })
    }
}
