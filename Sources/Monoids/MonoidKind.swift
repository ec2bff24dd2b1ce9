/// How two states of one field combine.
///
/// DO NOT CHANGE THESE VALUES: they stand in the envelope of every stored value and of every merge operand.
package enum MonoidKind: UInt8, Codable, Hashable, Sendable, CaseIterable {
    /// An int64 field; adds, wrapping (a count cannot reach 2^63).
    case count = 1
    /// A message {1: low word as fixed64, 2: high word as int64}; 128-bit addition.
    case sumInt64 = 2
    /// An exact sum over doubles.
    case sumDouble = 3
    /// An exact sum over squares of doubles.
    case sumOfSquares = 4
    /// The smaller value in tuple order.
    case minimum = 5
    /// The greater value in tuple order.
    case maximum = 6
    /// A message {1: event time, 2: value}; the earlier, at equal times the smaller value.
    case first = 7
    /// A message {1: event time, 2: value}; the later, at equal times the greater value.
    case last = 8
    /// A message {1: y, 2: x}: the x of the smallest y, at equal y the smaller x.
    case minimumBy = 9
    /// A message {1: y, 2: x}: the x of the greatest y, at equal y the greater x.
    case maximumBy = 10
}
