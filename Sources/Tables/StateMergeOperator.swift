internal import Bytes
internal import RocksDB
internal import Synchronization

// The merge operator is total: RocksDB loses the whole database when a merge reports failure. An operand that cannot be
// read, or that contradicts what it meets, is set aside as a whole and counted; what stood there before stays as it is.
//
// The empty value is the identity: it is what is left where every operand was set aside, and readers see no row in it.

/// Merges operands into stored values by what their envelopes say; needs no catalog.
final class StateMergeOperator: MergeOperator {
    /// Stored with the database; another name would not open it.
    let name = "maser.states.1"

    private let setAside = Atomic<Int>(0)

    /// How often an operand was set aside since the store was opened; one operand may be met more than once.
    var undecodableOperands: Int { setAside.load(ordering: .relaxed) }

    func merge(
        key: UnsafeRawBufferPointer, existing: UnsafeRawBufferPointer?,
        operands: UnsafeBufferPointer<UnsafeRawBufferPointer>, into result: inout [UInt8]
    ) {
        var stack = MergeStack()
        var base: StoredValue?
        if let existing, existing.count > 0 {
            guard let value = StoredValue(existing) else {
                // Nobody knows what it is, perhaps a newer Maser does: keep it.
                result.append(contentsOf: existing)
                setAside.add(operands.count, ordering: .relaxed)
                return
            }
            base = value
        }
        _ = stack.merge(base, operands, isPartial: false, into: &result)
        if stack.setAside > 0 { setAside.add(stack.setAside, ordering: .relaxed) }
    }

    func partialMerge(
        key: UnsafeRawBufferPointer, operands: UnsafeBufferPointer<UnsafeRawBufferPointer>, into result: inout [UInt8]
    ) -> Bool {
        var stack = MergeStack()
        guard stack.merge(nil, operands, isPartial: true, into: &result) else { return false }
        if stack.setAside > 0 { setAside.add(stack.setAside, ordering: .relaxed) }
        return true
    }
}
