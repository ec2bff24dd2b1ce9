package import Tables

// A load whose cut is a time holds every record before it. What comes later with an earlier event time is counted in the load
// already, as far as whoever made it knew of it: it is passed over, and told.

extension KeyedRows {
    /// The rows without those before `time`, and how many of them there were from `firstRow` on; `nil` where there is none.
    func without(_ batch: EvaluatedBatch, before time: Int64, from firstRow: Int) -> (rows: KeyedRows, count: Int)? {
        guard let times = batch.eventTimes, times.contains(where: { $0 < time }) else { return nil }
        var rows = self
        var count = 0
        for row in firstRow..<times.count where times[row] < time && rows.slots[row] != GroupMap.noSlot {
            rows.slots[row] = GroupMap.noSlot
            count += 1
        }
        return count == 0 ? nil : (rows, count)
    }
}

/// How many records a version passed over: written with what it took, so that a crash counts none twice.
package enum Stragglers {
    /// No category has this id, so the count stands beside a version's positions.
    private static let key = PositionKey(category: .max, bucket: 0)

    /// As the positions of a version have it.
    package static func count(in positions: [PositionKey: StoredPosition]) -> UInt64 {
        positions[key].map { UInt64(max(0, $0.offset)) } ?? 0
    }

    /// It holds no version's freshness back.
    static func position(of sink: SinkID, count: Int64) -> StoredPosition {
        StoredPosition(
            sink: sink, category: key.category, bucket: key.bucket, offset: count, appendTime: .max)
    }
}
