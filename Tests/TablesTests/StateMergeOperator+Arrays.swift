@testable import Tables

extension StateMergeOperator {
    func merge(_ existing: [UInt8]?, _ operands: [[UInt8]]) -> [UInt8] {
        var result: [UInt8] = []
        withExactCopies((existing.map { [$0] } ?? []) + operands) { copies in
            let operands = existing == nil ? copies : UnsafeBufferPointer(rebasing: copies.dropFirst())
            merge(key: noKey, existing: existing == nil ? nil : copies[0], operands: operands, into: &result)
        }
        return result
    }

    func partialMerge(_ operands: [[UInt8]]) -> [UInt8]? {
        var result: [UInt8] = []
        let isMerged = withExactCopies(operands) { partialMerge(key: noKey, operands: $0, into: &result) }
        return isMerged ? result : nil
    }

    private var noKey: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }
}

/// Lends copies in allocations of their own, so that a read past an operand's end is one past an allocation's.
private func withExactCopies<R>(
    _ strings: [[UInt8]], _ body: (UnsafeBufferPointer<UnsafeRawBufferPointer>) -> R
) -> R {
    let copies = strings.map { bytes in
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        copy.copyBytes(from: bytes)
        return UnsafeRawBufferPointer(copy)
    }
    defer { for copy in copies { copy.deallocate() } }
    return copies.withUnsafeBufferPointer(body)
}
