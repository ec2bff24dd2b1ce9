/// One presented value or the value inside a state, by its payload: BOOL is 0 or 1, TIMESTAMP its microseconds, STRING
/// its UTF-8. NULL is the absence of a scalar.
package enum Scalar: Hashable, Sendable {
    case int64(Int64)
    case double(Double)
    case bytes([UInt8])
}
