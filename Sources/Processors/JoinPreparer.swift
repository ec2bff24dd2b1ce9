internal import Catalog
internal import Expressions
internal import Records

/// Makes the joins of an input's batches: one lookup for a batch and join, of its distinct keys. NULL and NaN match no key.
struct JoinPreparer: Sendable {
    /// What the joins made of a batch.
    struct Outcome {
        /// The columns that joins add, one join after the other.
        var columns: [Column] = []
        /// Records that needed a row and found none, once for each join.
        var unmatched = 0
        /// Rows that needed a row which cannot be read.
        var refused: [Int] = []
    }

    private struct Join: Sendable {
        var plan: JoinPlan
        var keys: [Expression]
        var gates: [Expression]?
        /// Of `plan.columns`, those that are looked up.
        var lookedUp: [JoinedColumn]
    }

    private let joins: [Join]
    private let lookup: any TableLookup

    /// `narrow` takes expressions over the wide columns to such over the columns that a batch has.
    init(_ plans: [JoinPlan], lookup: any TableLookup, narrow: (Expression) -> Expression) {
        self.lookup = lookup
        joins = plans.map { plan in
            Join(
                plan: plan, keys: plan.keys.map(narrow), gates: plan.gates?.map(narrow),
                lookedUp: zip(plan.columns, plan.keyOfColumn).filter { $1 == nil }.map(\.0))
        }
    }

    var isEmpty: Bool { joins.isEmpty }

    /// `excluded`: rows that nobody takes.
    func join(_ batch: RecordBatch, excluded: [Bool]?) throws(ProcessorsError) -> Outcome {
        var outcome = Outcome()
        var wide = batch
        for join in joins {
            let columns = try self.columns(of: join, wide, excluded: excluded, &outcome)
            outcome.columns += columns
            wide.columns += columns
        }
        return outcome
    }

    private func columns(
        of join: Join, _ batch: RecordBatch, excluded: [Bool]?, _ outcome: inout Outcome
    ) throws(ProcessorsError) -> [Column] {
        let keys = join.keys.map { $0.evaluate(over: batch) }
        var rows = KeyedRows(slots: needed(join, batch, excluded: excluded), keys: KeyBatch())
        let neededCount = rows.slots.count { $0 != GroupMap.noSlot }
        for column in keys {
            guard let nulls = column.nulls else { continue }
            for row in 0..<batch.count where nulls[row] { rows.slots[row] = GroupMap.noSlot }
        }
        _ = rows.keys.encode(keys, paneStarts: nil, slots: &rows.slots)
        rows.keys.hash()
        var distinct = GroupMap()
        var slots: [UInt32] = []
        distinct.assign(rows, to: &slots)

        var found = JoinedRows(isFound: [], columns: join.lookedUp.map { Column(type: $0.type, values: []) })
        if distinct.count > 0 {
            found = try lookup.rows(of: join.plan.table, columns: join.lookedUp, keys: distinct.keys)
        }
        let places: [Int?] = slots.map { slot in
            slot == GroupMap.noSlot || !found.isFound[Int(slot)] ? nil : Int(slot)
        }
        if !found.unreadable.isEmpty {
            let unreadable = Set(found.unreadable.map { UInt32($0) })
            outcome.refused += slots.indices.filter { unreadable.contains(slots[$0]) }
        }
        outcome.unmatched += neededCount - places.count { $0 != nil }
        return [Column(type: .bool, storage: .bool(places.map { $0 != nil }))]
            + columns(of: join, found, keys: keys, places: places)
    }

    private func columns(of join: Join, _ found: JoinedRows, keys: [Column], places: [Int?]) -> [Column] {
        var lookedUp = found.columns.makeIterator()
        return zip(join.plan.columns, join.plan.keyOfColumn).map { column, key in
            if let key {
                return keys[key].gather(optional: places.indices.map { places[$0] == nil ? nil : $0 })
            }
            guard let values = lookedUp.next() else { preconditionFailure("\(column.name) was not looked up") }
            return values.gather(optional: places)
        }
    }

    /// A slot, to be replaced, for each row that some query needs a joined row for.
    private func needed(_ join: Join, _ batch: RecordBatch, excluded: [Bool]?) -> [UInt32] {
        var slots = [UInt32](repeating: 0, count: batch.count)
        if let gates = join.gates {
            slots = [UInt32](repeating: GroupMap.noSlot, count: batch.count)
            for gate in gates {
                let passes = selectedRows(where: gate, batch)
                for row in 0..<batch.count where passes[row] { slots[row] = 0 }
            }
        }
        if let excluded {
            for row in 0..<batch.count where excluded[row] { slots[row] = GroupMap.noSlot }
        }
        return slots
    }
}
