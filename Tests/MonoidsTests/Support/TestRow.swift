import Bytes
import Monoids

/// What a record gives one state field; nil is NULL.
struct TestRow: Hashable {
    var x: Scalar?
    var y: Scalar?
    var time: Int64 = 0
}

/// The arguments' types, with BOOL told apart from INT64.
struct TestTypes: Hashable {
    var x: StateType
    var y: StateType = .int64
}

/// Feeds rows in one batch to an accumulator of its own; `slots[i]` is row i's.
func accumulate(
    _ kind: MonoidKind, _ types: TestTypes, _ rows: [TestRow], slots: [UInt32], slotCount: Int
) -> [EncodedState?] {
    let accumulator = makeAccumulator(kind, types: [types.x, types.y])
    accumulator.grow(to: slotCount)
    update(accumulator, types, rows, slots: slots)
    return states(of: accumulator)
}

/// The state of one row, which is the aggregate's `prepare`.
func prepare(_ kind: MonoidKind, _ types: TestTypes, _ row: TestRow) -> EncodedState? {
    accumulate(kind, types, [row], slots: [0], slotCount: 1)[0]
}

func states(of accumulator: any StateAccumulator) -> [EncodedState?] {
    (0..<accumulator.slotCount).map { slot in
        let state = EncodedState { accumulator.encode(slot: slot, field: 1, into: &$0) }
        return state.bytes.isEmpty ? nil : state
    }
}

func update(_ accumulator: any StateAccumulator, _ types: TestTypes, _ rows: [TestRow], slots: [UInt32]) {
    withView(rows.map(\.x), types.x) { x in
        withView(rows.map(\.y), types.y) { y in
            rows.map(\.time).withUnsafeBufferPointer { times in
                slots.withUnsafeBufferPointer { slots in
                    accumulator.update(StateInput(slots: slots, eventTimes: times, x: x, y: y))
                }
            }
        }
    }
}

private func withView(_ values: [Scalar?], _ type: StateType, _ body: (VectorView) -> Void) {
    values.map { $0 == nil }.withUnsafeBufferPointer { nulls in
        let nulls = values.contains(nil) ? nulls : nil
        switch type {
        case .bool:
            values.map { $0 == .int64(1) }.withUnsafeBufferPointer { body(.bool($0, nulls: nulls)) }
        case .int64:
            values.map { if case .int64(let value) = $0 { value } else { 0 } }
                .withUnsafeBufferPointer { body(.int64($0, nulls: nulls)) }
        case .double:
            values.map { if case .double(let value) = $0 { value } else { 0 } }
                .withUnsafeBufferPointer { body(.double($0, nulls: nulls)) }
        case .bytes:
            var arena: [UInt8] = []
            let ends = values.map { value in
                if case .bytes(let bytes) = value { arena += bytes }
                return arena.count
            }
            arena.withUnsafeBufferPointer { arena in
                ends.withUnsafeBufferPointer { body(.bytes(arena: arena, ends: $0, nulls: nulls)) }
            }
        }
    }
}
