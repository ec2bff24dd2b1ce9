internal import CRocksDB

/// Changes to any number of families that happen together or not at all.
///
/// What cannot be added (a key over 4 GB) is reported when the batch is written, and nothing of it is.
package struct WriteBatch: ~Copyable {
    let pointer: OpaquePointer

    package init() {
        pointer = maser_rocks_batch_create()
    }

    deinit {
        maser_rocks_batch_destroy(pointer)
    }

    package mutating func put(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, in family: Family) {
        maser_rocks_batch_put(pointer, family.pointer, maser_rocks_slice(key), maser_rocks_slice(value))
    }

    package mutating func put(_ key: [UInt8], _ value: [UInt8], in family: Family) {
        key.withUnsafeBytes { key in value.withUnsafeBytes { put(key, $0, in: family) } }
    }

    package mutating func merge(_ key: UnsafeRawBufferPointer, _ operand: UnsafeRawBufferPointer, in family: Family) {
        maser_rocks_batch_merge(pointer, family.pointer, maser_rocks_slice(key), maser_rocks_slice(operand))
    }

    package mutating func merge(_ key: [UInt8], _ operand: [UInt8], in family: Family) {
        key.withUnsafeBytes { key in operand.withUnsafeBytes { merge(key, $0, in: family) } }
    }

    /// Merges many rows in the order given, which names each of them once. Keys stand one after the other in an arena, each
    /// ending where its `ends` say; operands likewise.
    package mutating func merge(
        keys: UnsafeRawBufferPointer, ends keyEnds: UnsafeBufferPointer<Int>, operands: UnsafeRawBufferPointer,
        ends operandEnds: UnsafeBufferPointer<Int>, order: UnsafeBufferPointer<Int>, in family: Family
    ) {
        precondition(keyEnds.count == order.count && operandEnds.count == order.count)
        precondition(keyEnds.last ?? 0 <= keys.count && operandEnds.last ?? 0 <= operands.count)
        var rows = maser_rocks_rows(
            keys: keys.baseAddress, key_ends: keyEnds.baseAddress, values: operands.baseAddress,
            value_ends: operandEnds.baseAddress, order: order.baseAddress, count: order.count)
        maser_rocks_batch_merge_rows(pointer, family.pointer, &rows)
    }

    package mutating func delete(_ key: UnsafeRawBufferPointer, in family: Family) {
        maser_rocks_batch_delete(pointer, family.pointer, maser_rocks_slice(key))
    }

    package mutating func delete(_ key: [UInt8], in family: Family) {
        key.withUnsafeBytes { delete($0, in: family) }
    }

    /// Every key from `lower` up to, but not with, `upper`; not in a family that is filled in order.
    package mutating func deleteRange(
        from lower: UnsafeRawBufferPointer, to upper: UnsafeRawBufferPointer, in family: Family
    ) {
        precondition(!family.isFilledInOrder, "\(family.name) takes no deletions of ranges")
        maser_rocks_batch_delete_range(pointer, family.pointer, maser_rocks_slice(lower), maser_rocks_slice(upper))
    }

    package mutating func deleteRange(from lower: [UInt8], to upper: [UInt8], in family: Family) {
        lower.withUnsafeBytes { lower in upper.withUnsafeBytes { deleteRange(from: lower, to: $0, in: family) } }
    }

    package var count: Int { maser_rocks_batch_count(pointer) }

    package var byteCount: Int { maser_rocks_batch_bytes(pointer) }

    package mutating func clear() {
        maser_rocks_batch_clear(pointer)
    }
}
