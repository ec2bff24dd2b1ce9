package import Catalog
internal import Categories
package import Records
package import Tables

// A batch is records without a log: no bucket, no position, no watermark, and nobody to wait for. What remains of a processor is
// its plans: the same preparing, the same partials, and so the same states, which combine with those of any other run.

/// Runs the plans of tables over records that stand in files.
package final class BatchRun {
    /// Fewer than between two checkpoints: nobody else's memory bounds a batch, and some states take kilobytes.
    package static let greatestGroupCount = 1 << 18
    package static let greatestByteCount = 128 << 20

    /// A record that cannot be applied.
    package struct Refused: Hashable, Sendable {
        /// Index into the values.
        package var record: Int
        package var reason: String
    }

    private let plans: [InputPlan]
    private let greatestGroupCount: Int
    private let greatestByteCount: Int
    private var stopwatch = Stopwatch(.system)

    /// Of `tables` those are filled that a query over one of `inputs` fills. `joinable` has, by id, the tables that joins look up
    /// through `lookup`.
    package init(
        inputs: [InputTableEntry], tables: [TableEntry], shardCount: Int, joinable: [UInt32: TableEntry] = [:],
        lookup: any TableLookup = NoTables(), greatestGroupCount: Int = BatchRun.greatestGroupCount,
        greatestByteCount: Int = BatchRun.greatestByteCount
    ) throws(ProcessorsError) {
        var plans: [InputPlan] = []
        for input in inputs {
            let readers = tables.filter { $0.source.inputTable?.lowercased() == input.name.lowercased() }
            let plan = try InputPlan(
                input, tables: readers, shardCount: shardCount, joinable: joinable, lookup: lookup)
            if let plan { plans.append(plan) }
        }
        self.plans = plans
        self.greatestGroupCount = greatestGroupCount
        self.greatestByteCount = greatestByteCount
    }

    /// Takes consecutive records of a file as records of input tables: in upserts the later file wins, and in it the later row.
    /// What is refused comes in order, each record once.
    package func apply(
        _ values: ByteStrings, to inputs: Set<String>, file: Int, firstRow: Int
    ) throws(ProcessorsError) -> [Refused] {
        let records = LogRecords(
            offsets: (0..<values.count).map { UpsertOrder.batchOffset(file: file, row: firstRow + $0) }, values: values)
        var reasons: [Int: String] = [:]
        stopwatch.start()
        for plan in plans where inputs.contains(plan.input.name) {
            let prepared = try plan.preparer.prepare(records, bucket: EvaluatedBatch.files, &stopwatch)
            for refusal in prepared.refusals where reasons[refusal.record] == nil {
                reasons[refusal.record] = refusal.reason
            }
            plan.apply(prepared, &stopwatch)
        }
        return Self.sorted(reasons)
    }

    /// What became of rows.
    package struct Applied: Sendable {
        /// In their order, each once.
        package var refused: [Refused]
        /// Rows that a table took: what its filter and its joins let pass.
        package var taken = 0
        /// Rows at or after the end.
        package var leftOut = 0
    }

    /// Takes consecutive rows of a file that has every column of its input table, in their order. Rows whose event time is not
    /// before `end` are left out.
    package func apply(
        _ columns: RecordBatch, to input: String, file: Int, firstRow: Int, before end: Int64? = nil
    ) throws(ProcessorsError) -> Applied {
        let offsets = (0..<columns.count).map { UpsertOrder.batchOffset(file: file, row: firstRow + $0) }
        var applied = Applied(refused: [])
        var reasons: [Int: String] = [:]
        stopwatch.start()
        for plan in plans where plan.input.name.lowercased() == input.lowercased() {
            let prepared = try plan.preparer.prepare(columns, offsets: offsets, before: end, &stopwatch)
            for refusal in prepared.refusals where reasons[refusal.record] == nil {
                reasons[refusal.record] = refusal.reason
            }
            applied.leftOut += prepared.leftOut
            for rows in prepared.rows { applied.taken += rows.slots.count { $0 != GroupMap.noSlot } }
            plan.apply(prepared, &stopwatch)
        }
        applied.refused = Self.sorted(reasons)
        return applied
    }

    private static func sorted(_ reasons: [Int: String]) -> [Refused] {
        reasons.map { Refused(record: $0.key, reason: $0.value) }.sorted { $0.record < $1.record }
    }

    /// Whether the partials should be taken before more records come.
    package var isFull: Bool {
        let sinks = plans.flatMap(\.tableSinks)
        return sinks.reduce(0) { $0 + $1.groupCount } >= greatestGroupCount
            || sinks.reduce(0) { $0 + $1.byteCount } >= greatestByteCount
    }

    /// Every partial so far, by table; leaves none.
    package func takeMerges() -> [VersionMerges] {
        plans.flatMap(\.tableSinks).filter { $0.groupCount > 0 }.map { sink in
            let partials = sink.takePartials()
            defer { sink.putBack(partials) }
            return partials.takeMerges()
        }
    }
}
