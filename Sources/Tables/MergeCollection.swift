internal import Records

/// Merges of several checkpoints into one version, to become those of one.
///
/// A version that nobody reads may get them late: the later, the more of them are of the same keys and cost it one merge.
package struct MergeCollection: Sendable {
    private var merges: VersionMerges?

    package init() {}

    /// What is kept takes so much memory, or somewhat more.
    package var byteCount: Int {
        guard let merges else { return 0 }
        return Self.byteCount(merges.keys) + Self.byteCount(merges.operands)
    }

    private static func byteCount(_ strings: ByteStrings) -> Int {
        strings.arena.count + strings.ends.count * MemoryLayout<Int>.stride
    }

    /// Merges of the same table as all before, and newer than they.
    package mutating func add(_ newer: VersionMerges) {
        guard merges != nil else {
            merges = newer
            return
        }
        precondition(merges?.table == newer.table, "merges of two tables are no merges of one")
        merges?.keys.append(contentsOf: newer.keys)
        merges?.operands.append(contentsOf: newer.operands)
    }

    /// Everything that was added, as merges into `version` in the order of their keys; nil where there is nothing. What
    /// merging them one after another comes to, they come to as well.
    package mutating func take(for version: UInt32) -> VersionMerges? {
        guard var merges = self.merges.take(), !merges.isEmpty else { return nil }
        merges.version = version
        return merges.combined()
    }
}

extension VersionMerges {
    /// One operand for each key, as far as its operands can be made one; keys in ascending order.
    fileprivate func combined() -> VersionMerges {
        var result = VersionMerges(table: table, version: version, keys: ByteStrings(), operands: ByteStrings())
        keys.arena.withUnsafeBytes { arena in
            operands.arena.withUnsafeBytes { operandArena in
                let order = KeyOrder.ascending(keys, in: arena)
                func key(_ place: Int) -> UnsafeRawBufferPointer {
                    UnsafeRawBufferPointer(rebasing: arena[keys.range(at: order[place])])
                }
                func operand(_ place: Int) -> UnsafeRawBufferPointer {
                    UnsafeRawBufferPointer(rebasing: operandArena[operands.range(at: order[place])])
                }
                var ofKey: [UnsafeRawBufferPointer] = []
                var combined: [UInt8] = []
                var first = 0
                while first < order.count {
                    var end = first + 1
                    while end < order.count, KeyOrder.compare(key(first), key(end)) == 0 { end += 1 }
                    if end == first + 1 {
                        result.keys.append(key(first))
                        result.operands.append(operand(first))
                    } else {
                        ofKey.removeAll(keepingCapacity: true)
                        for place in first..<end { ofKey.append(operand(place)) }
                        result.append(key(first), ofKey, &combined)
                    }
                    first = end
                }
            }
        }
        return result
    }

    /// The operands of one key, oldest first.
    private mutating func append(
        _ key: UnsafeRawBufferPointer, _ ofKey: [UnsafeRawBufferPointer], _ combined: inout [UInt8]
    ) {
        combined.removeAll(keepingCapacity: true)
        var stack = MergeStack()
        let isOne = ofKey.withUnsafeBufferPointer { stack.merge(nil, $0, isPartial: true, into: &combined) }
        // What depends on the row below, or has to be counted, is left to the store.
        if isOne, stack.setAside == 0 {
            keys.append(key)
            combined.withUnsafeBytes { operands.append($0) }
        } else {
            for operand in ofKey {
                keys.append(key)
                operands.append(operand)
            }
        }
    }
}

extension ByteStrings {
    fileprivate mutating func append(contentsOf others: ByteStrings) {
        let start = arena.count
        arena.append(contentsOf: others.arena)
        ends.reserveCapacity(ends.count + others.count)
        for end in others.ends { ends.append(start + end) }
    }
}
