internal import Bytes
internal import Catalog
internal import Monoids
internal import Records
internal import Tables

/// Partials of an aggregate table: a slot for every key, a state of it in each accumulator.
final class AggregatePartials: Partials, @unchecked Sendable {
    // One thread at a time has them: see `Partials`.

    /// About what one state takes, for the bound on memory, besides what its accumulator says of long ones.
    private static let stateByteCount = 48

    private let states: [TablePlan.State]
    private let accumulators: [any StateAccumulator]
    private let prefix: OperandPrefix
    private let storageKey: StorageKey
    private let table: UInt32
    private let version: UInt32
    private var groups = GroupMap()
    /// Scratch of the batch, kept for the next.
    private var slots: [UInt32] = []

    init(_ plan: TablePlan, states: [TablePlan.State], version: UInt32, storageKey: StorageKey) {
        self.states = states
        self.version = version
        table = plan.table.id
        self.storageKey = storageKey
        prefix = OperandPrefix(of: plan.table)
        accumulators = states.map { makeAccumulator($0.kind, types: $0.types) }
    }

    var groupCount: Int { groups.count }
    /// Strings and the like count twice: they are encoded beside themselves.
    var byteCount: Int {
        groups.byteCount + groups.count * states.count * Self.stateByteCount
            + 2 * accumulators.reduce(0) { $0 + $1.looseByteCount }
    }

    func apply(_ batch: EvaluatedBatch, _ rows: KeyedRows, from firstRow: Int, _ stopwatch: inout Stopwatch) {
        groups.assign(rows, from: firstRow, to: &slots)
        stopwatch.charge(\.group)
        for (state, accumulator) in zip(states, accumulators) {
            accumulator.grow(to: groups.count)
            guard let condition = state.condition else {
                update(accumulator, state, batch, slots)
                continue
            }
            var taken = slots
            batch.narrow(&taken, to: condition)
            update(accumulator, state, batch, taken)
        }
        stopwatch.charge(\.aggregate)
    }

    private func update(
        _ accumulator: any StateAccumulator, _ state: TablePlan.State, _ batch: EvaluatedBatch, _ slots: [UInt32]
    ) {
        withView(of: state.x.map { batch.columns[$0] }) { x in
            withView(of: state.y.map { batch.columns[$0] }) { y in
                slots.withUnsafeBufferPointer { slots in
                    guard let times = batch.eventTimes else {
                        return accumulator.update(StateInput(slots: slots, x: x, y: y))
                    }
                    times.withUnsafeBufferPointer {
                        accumulator.update(StateInput(slots: slots, eventTimes: $0, x: x, y: y))
                    }
                }
            }
        }
    }

    func takeMerges() -> VersionMerges {
        var operands = ByteStrings()
        operands.ends.reserveCapacity(groups.count)
        var writer = ByteWriter(capacity: groups.count * 32)
        // A state has an array: to read its number at every slot would count references at every slot.
        let numbers = states.map(\.number)
        for slot in 0..<groups.count {
            prefix.append(to: &writer)
            for index in numbers.indices {
                accumulators[index].encode(slot: slot, field: numbers[index], into: &writer)
            }
            operands.ends.append(writer.count)
        }
        operands.arena = writer.bytes
        defer { removeAll() }
        return VersionMerges(
            table: table, version: version, keys: groups.storageKeys(storageKey), operands: operands)
    }

    func removeAll() {
        groups.removeAll()
        for accumulator in accumulators { accumulator.removeAll() }
    }
}

/// Calls `body` with a column's memory; without one, with nil.
private func withView(of column: Column?, _ body: (VectorView?) -> Void) {
    guard let column else { return body(nil) }
    func withNulls(_ body: (UnsafeBufferPointer<Bool>?) -> Void) {
        if let nulls = column.nulls { nulls.withUnsafeBufferPointer { body($0) } } else { body(nil) }
    }
    switch column.storage {
    case .bool(let values):
        values.withUnsafeBufferPointer { values in withNulls { body(.bool(values, nulls: $0)) } }
    case .int64(let values):
        values.withUnsafeBufferPointer { values in withNulls { body(.int64(values, nulls: $0)) } }
    case .double(let values):
        values.withUnsafeBufferPointer { values in withNulls { body(.double(values, nulls: $0)) } }
    case .bytes(let strings):
        strings.arena.withUnsafeBufferPointer { arena in
            strings.ends.withUnsafeBufferPointer { ends in
                withNulls { body(.bytes(arena: arena, ends: ends, nulls: $0)) }
            }
        }
    }
}
