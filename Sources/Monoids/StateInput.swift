/// What a monoid's argument is stored as. TIMESTAMP is `int64`, STRING is `bytes`.
package enum StateType: Hashable, Sendable {
    case bool
    case int64
    case double
    case bytes
}

/// One argument over the rows of a batch, in memory that the caller owns. `nulls`, where there is one, says of each row
/// whether its value is NULL; a value stands there all the same, and means nothing.
package enum VectorView {
    case bool(UnsafeBufferPointer<Bool>, nulls: UnsafeBufferPointer<Bool>?)
    case int64(UnsafeBufferPointer<Int64>, nulls: UnsafeBufferPointer<Bool>?)
    case double(UnsafeBufferPointer<Double>, nulls: UnsafeBufferPointer<Bool>?)
    /// Row i ends at `ends[i]` in the arena and begins where the one before it ends.
    case bytes(
        arena: UnsafeBufferPointer<UInt8>, ends: UnsafeBufferPointer<Int>, nulls: UnsafeBufferPointer<Bool>?)

    @inlinable
    package var nulls: UnsafeBufferPointer<Bool>? {
        switch self {
        case .bool(_, let nulls), .int64(_, let nulls), .double(_, let nulls), .bytes(_, _, let nulls): nulls
        }
    }
}

/// The rows of one batch, as one state field takes them. Every view has one entry for each of `slots`.
package struct StateInput {
    /// In `slots`: the row is passed over.
    package static let noSlot = UInt32.max

    /// The slot of each row, less than the accumulator's `slotCount`, or `noSlot`.
    package var slots: UnsafeBufferPointer<UInt32>
    /// FIRST and LAST need them; the others ignore them.
    package var eventTimes: UnsafeBufferPointer<Int64>?
    /// The argument; COUNT without one counts rows.
    package var x: VectorView?
    /// What MIN_BY and MAX_BY order by.
    package var y: VectorView?

    package init(
        slots: UnsafeBufferPointer<UInt32>, eventTimes: UnsafeBufferPointer<Int64>? = nil, x: VectorView? = nil,
        y: VectorView? = nil
    ) {
        self.slots = slots
        self.eventTimes = eventTimes
        self.x = x
        self.y = y
    }
}
