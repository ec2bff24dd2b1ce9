internal import Bytes
internal import Catalog
internal import Records
internal import Tables

// The greatest (event time, source, offset) wins, so of all the records of a key that a checkpoint covers only one
// need ever be encoded for the store. Within a batch the winners are found first; only they become rows.

/// Newest rows of an upsert table: a slot for every key, one row in each.
final class UpsertPartials: Partials, @unchecked Sendable {
    // One thread at a time has them: see `Partials`.

    /// Less than the order of any record, for a key that has no row yet.
    private static let noOrder = UpsertOrder.log(eventTime: .min, bucket: 0, offset: -1)

    private let table: UInt32
    private let version: UInt32
    private let values: [Int]
    private let delete: Int?
    private let encoder: UpsertRowEncoder
    private let storageKey: StorageKey
    private var groups = GroupMap()
    private var orders: [UpsertOrder] = []
    /// Where in `rows` each slot's row stands. What newer rows replaced stays in `rows` until the checkpoint.
    private var ranges: [Range<Int>] = []
    private var rows = ByteWriter()

    // Scratch of the batch, kept for the next.
    private var slots: [UInt32] = []
    private var winners: [Int32] = []
    private var changed: [UInt32] = []

    init(_ plan: TablePlan, values: [Int], delete: Int?, version: UInt32, storageKey: StorageKey) {
        self.values = values
        self.delete = delete
        self.version = version
        self.storageKey = storageKey
        table = plan.table.id
        encoder = UpsertRowEncoder(of: plan.table)
    }

    var groupCount: Int { groups.count }
    var byteCount: Int { groups.byteCount + rows.count + groups.count * 48 }

    func apply(_ batch: EvaluatedBatch, _ rows: KeyedRows, from firstRow: Int, _ stopwatch: inout Stopwatch) {
        groups.assign(rows, from: firstRow, to: &slots)
        stopwatch.charge(\.group)
        findWinners(batch)
        encodeWinners(batch)
        stopwatch.charge(\.aggregate)
    }

    private func findWinners(_ batch: EvaluatedBatch) {
        let added = groups.count - orders.count
        orders.append(contentsOf: repeatElement(Self.noOrder, count: added))
        ranges.append(contentsOf: repeatElement(0..<0, count: added))
        winners.append(contentsOf: repeatElement(-1, count: added))
        for row in 0..<batch.rows where slots[row] != GroupMap.noSlot {
            let slot = Int(slots[row])
            let order = batch.order(of: row)
            guard orders[slot] < order else { continue }
            orders[slot] = order
            if winners[slot] < 0 { changed.append(slots[row]) }
            winners[slot] = Int32(truncatingIfNeeded: row)
        }
    }

    private func encodeWinners(_ batch: EvaluatedBatch) {
        let columns = values.map { batch.columns[$0] }
        let deletes = delete.map { batch.holds($0) }
        for changed in changed {
            let slot = Int(changed)
            let row = Int(winners[slot])
            let start = rows.count
            encoder.encode(
                columns, row: row, order: orders[slot], isDeleted: deletes?[row] ?? false, into: &rows)
            ranges[slot] = start..<rows.count
            winners[slot] = -1
        }
        changed.removeAll(keepingCapacity: true)
    }

    func takeMerges() -> VersionMerges {
        var operands = ByteStrings()
        operands.arena.reserveCapacity(rows.count)
        operands.ends.reserveCapacity(groups.count)
        rows.bytes.withUnsafeBytes { bytes in
            for range in ranges { operands.append(UnsafeRawBufferPointer(rebasing: bytes[range])) }
        }
        defer { removeAll() }
        return VersionMerges(
            table: table, version: version, keys: groups.storageKeys(storageKey), operands: operands)
    }

    func removeAll() {
        groups.removeAll()
        rows.removeAll()
        orders.removeAll(keepingCapacity: true)
        ranges.removeAll(keepingCapacity: true)
        winners.removeAll(keepingCapacity: true)
    }
}
