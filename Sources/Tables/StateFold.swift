internal import Bytes

/// Combines the states of many panes, one after another, in two buffers that take turns: nothing is allocated for a pane once they
/// have the size of the result.
struct StateFold {
    private var folded = ByteWriter()
    private var next = ByteWriter()
    /// Of what was folded.
    private var shape: StoredValue.Shape?

    /// A stored value: all that were taken.
    var value: [UInt8] { folded.bytes }

    /// false where `pane` is no value that has states, or cannot be combined with those before.
    mutating func take(_ pane: UnsafeRawBufferPointer) -> Bool {
        guard let shape else {
            guard let first = StoredValue(pane), first.kind == .fields else { return false }
            self.shape = first.shape
            folded.append(contentsOf: pane)
            return true
        }
        // Panes of one table mostly have one envelope, and what they come to has it too.
        let isMerged = folded.bytes.withUnsafeBytes { bytes in
            let former = StoredValue(bytes, of: shape)
            guard let pane = StoredValue(pane, like: former), pane.kind == .fields,
                FieldMerge.merge(former, pane, into: &next) == .merged
            else { return false }
            if !pane.hasEnvelope(of: former) { self.shape = next.bytes.withUnsafeBytes { StoredValue($0)?.shape } }
            return true
        }
        guard isMerged else { return false }
        swap(&folded, &next)
        next.removeAll()
        return true
    }
}
