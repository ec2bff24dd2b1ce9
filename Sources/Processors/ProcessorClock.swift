internal import Dispatch
internal import Foundation

/// Where a processor takes the time from; tests have their own.
package struct ProcessorClock: Sendable {
    /// Microseconds since 1970.
    package var wall: @Sendable () -> Int64
    /// Nanoseconds that only rise.
    package var monotonic: @Sendable () -> UInt64

    package init(wall: @escaping @Sendable () -> Int64, monotonic: @escaping @Sendable () -> UInt64) {
        self.wall = wall
        self.monotonic = monotonic
    }

    package static let system = ProcessorClock(
        wall: { Int64(Date().timeIntervalSince1970 * 1_000_000) },
        monotonic: { DispatchTime.now().uptimeNanoseconds })
}
