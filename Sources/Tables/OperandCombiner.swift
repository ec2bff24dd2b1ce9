/// Combines what a batch has of one key into its full value: what a version that had merged the same operands would read.
package struct OperandCombiner {
    private var stack = MergeStack()

    package init() {}

    /// Operands so far that could not be read, and are missing from what they were combined into.
    package var setAside: Int { stack.setAside }

    /// Replaces `result`.
    package mutating func combine(
        _ operands: UnsafeBufferPointer<UnsafeRawBufferPointer>, into result: inout [UInt8]
    ) {
        result.removeAll(keepingCapacity: true)
        _ = stack.merge(nil, operands, isPartial: false, into: &result)
    }
}
