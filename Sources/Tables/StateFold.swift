internal import Bytes

/// Combines the states of many panes, one after another, in two buffers that take turns: nothing is allocated for a pane once they
/// have the size of the result.
struct StateFold {
    private var folded = ByteWriter()
    private var next = ByteWriter()

    /// A stored value: all that were taken.
    var value: [UInt8] { folded.bytes }

    /// false where `pane` is no value that has states, or cannot be combined with those before.
    mutating func take(_ pane: UnsafeRawBufferPointer) -> Bool {
        if folded.count == 0 {
            guard let first = StoredValue(pane), first.kind == .fields else { return false }
            folded.append(contentsOf: pane)
            return true
        }
        let isMerged = folded.bytes.withUnsafeBytes { bytes in
            // Panes of one table mostly have one envelope, and the result has it too.
            guard let former = StoredValue(bytes), let pane = StoredValue(pane, like: former), pane.kind == .fields
            else { return false }
            return FieldMerge.merge(former, pane, into: &next) == .merged
        }
        guard isMerged else { return false }
        swap(&folded, &next)
        next.removeAll()
        return true
    }
}
