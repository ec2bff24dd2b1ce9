internal import Records
internal import Tables

/// A batch of records as the tables over one input table take it: every expression of the pool, evaluated.
struct EvaluatedBatch: Sendable {
    static let files = -1

    var rows: Int
    /// By place in the pool.
    var columns: [Column]
    /// nil where the input table names no event time.
    var eventTimes: [Int64]?
    /// Rows that nobody takes, for their event time or for a row that they join; nil where there is none.
    var excluded: [Bool]?
    /// Of each row, for what decides between upserts.
    var offsets: [Int64]
    /// `files` for records that no log has.
    var bucket: Int

    /// A slot for each row: `noSlot` for excluded ones and for those that the filter does not let pass; 0, to be
    /// replaced, for the others.
    func select(filter: Int?) -> [UInt32] {
        var slots = [UInt32](repeating: 0, count: rows)
        if let excluded {
            for row in 0..<rows where excluded[row] { slots[row] = GroupMap.noSlot }
        }
        if let filter { narrow(&slots, to: filter) }
        return slots
    }

    /// Passes over the rows for which a condition does not hold.
    func narrow(_ slots: inout [UInt32], to condition: Int) {
        let holds = self.holds(condition)
        for row in 0..<rows where !holds[row] { slots[row] = GroupMap.noSlot }
    }

    /// Of each row, whether a condition holds; NULL does not hold.
    func holds(_ condition: Int) -> [Bool] {
        guard case .bool(var values) = columns[condition].storage else { preconditionFailure("a condition is a BOOL") }
        guard let nulls = columns[condition].nulls else { return values }
        for row in 0..<rows where nulls[row] { values[row] = false }
        return values
    }

    /// What decides between an upsert of the row and others of its key.
    func order(of row: Int) -> UpsertOrder {
        let eventTime = eventTimes?[row] ?? 0
        return bucket == Self.files
            ? .batch(eventTime: eventTime, offset: offsets[row])
            : .log(eventTime: eventTime, bucket: bucket, offset: offsets[row])
    }

    /// Excludes the rows whose event time is not before `end`, and returns how many are excluded for it alone.
    mutating func exclude(from end: Int64) -> Int {
        guard let times = eventTimes else { return 0 }
        var count = 0
        for row in 0..<rows where times[row] >= end && excluded?[row] != true {
            exclude(row)
            count += 1
        }
        return count
    }

    mutating func exclude(_ row: Int) {
        if excluded == nil { excluded = [Bool](repeating: false, count: rows) }
        excluded?[row] = true
    }
}
