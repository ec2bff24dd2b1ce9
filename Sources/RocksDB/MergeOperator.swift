internal import CRocksDB

/// How the operands written to a key become its value.
///
/// A merge cannot fail: RocksDB 7.8 loses the whole database when a merge says that it did, so the protocol has no word
/// for it. What cannot be merged must find a place in the result. Called from RocksDB's threads, several at once.
///
/// It must be associative: `merge(existing, [a, b, c])` is `merge(merge(existing, [a]), [partialMerge([b, c])])`.
package protocol MergeOperator: Sendable {
    /// Stored with the database, which refuses to open with another one.
    var name: String { get }

    /// The value of a key: what stood there (nil: nothing, or it was deleted), then the operands, oldest first. `result`
    /// comes empty.
    func merge(
        key: UnsafeRawBufferPointer, existing: UnsafeRawBufferPointer?,
        operands: UnsafeBufferPointer<UnsafeRawBufferPointer>, into result: inout [UInt8])

    /// One operand that does what all of these do, oldest first. false leaves them apart, and `result` unread.
    func partialMerge(
        key: UnsafeRawBufferPointer, operands: UnsafeBufferPointer<UnsafeRawBufferPointer>, into result: inout [UInt8]
    ) -> Bool
}

/// Carries the operator through C.
private final class MergeContext: Sendable {
    let mergeOperator: any MergeOperator

    init(_ mergeOperator: any MergeOperator) {
        self.mergeOperator = mergeOperator
    }
}

extension MergeOperator {
    func withNative<R>(_ body: (UnsafePointer<maser_rocks_merge_operator>) -> R) -> R {
        let context = Unmanaged.passRetained(MergeContext(self)).toOpaque()
        return name.withCString { name in
            var native = maser_rocks_merge_operator(
                name: name, context: context,
                release: { context in
                    if let context { Unmanaged<MergeContext>.fromOpaque(context).release() }
                },
                full: mergeFully, partial: mergePartially)
            return body(&native)
        }
    }
}

private func mergeFully(
    context: UnsafeMutableRawPointer?, key: maser_rocks_slice, existing: maser_rocks_slice,
    operands: UnsafePointer<maser_rocks_slice>?, count: Int, sink: UnsafeMutableRawPointer?, emit: maser_rocks_emit?
) {
    guard let context, let emit else { return }
    let merger = Unmanaged<MergeContext>.fromOpaque(context).takeUnretainedValue().mergeOperator
    let result = withOperands(operands, count, existing.size) { operands, result in
        merger.merge(key: key.bytes, existing: existing.value, operands: operands, into: &result)
        return true
    }
    result?.withUnsafeBytes { emit(sink, $0.baseAddress, $0.count) }
}

private func mergePartially(
    context: UnsafeMutableRawPointer?, key: maser_rocks_slice, operands: UnsafePointer<maser_rocks_slice>?, count: Int,
    sink: UnsafeMutableRawPointer?, emit: maser_rocks_emit?
) -> Bool {
    guard let context, let emit else { return false }
    let merger = Unmanaged<MergeContext>.fromOpaque(context).takeUnretainedValue().mergeOperator
    let result = withOperands(operands, count, 0) { operands, result in
        merger.partialMerge(key: key.bytes, operands: operands, into: &result)
    }
    guard let result else { return false }
    result.withUnsafeBytes { emit(sink, $0.baseAddress, $0.count) }
    return true
}

/// The operands as Swift sees them, and a result with room for all of them, so that it is allocated once.
private func withOperands(
    _ slices: UnsafePointer<maser_rocks_slice>?, _ count: Int, _ existingBytes: Int,
    _ body: (UnsafeBufferPointer<UnsafeRawBufferPointer>, inout [UInt8]) -> Bool
) -> [UInt8]? {
    withUnsafeTemporaryAllocation(of: UnsafeRawBufferPointer.self, capacity: count) { operands in
        var bytes = existingBytes
        for (index, slice) in UnsafeBufferPointer(start: slices, count: count).enumerated() {
            operands.initializeElement(at: index, to: slice.bytes)
            bytes += slice.size
        }
        var result: [UInt8] = []
        result.reserveCapacity(bytes)
        return body(UnsafeBufferPointer(operands), &result) ? result : nil
    }
}
