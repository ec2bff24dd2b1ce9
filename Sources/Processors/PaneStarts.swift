internal import Catalog
internal import Foundation
internal import Synchronization

// Panes of one width begin at multiples of it since 1970, by the clock of their zone: a pane of a day begins at local
// midnight, even on the two days a year that have 23 or 25 hours.

/// Finds the pane of an event time.
struct PaneStarts: Sendable {
    private let width: Int64
    private let zone: ZoneOffsets?

    init(_ pane: Pane) throws(ProcessorsError) {
        guard pane.widthMicroseconds > 0 else { throw ProcessorsError(.invalidPlan, "a pane has no width") }
        width = pane.widthMicroseconds
        guard let name = pane.zone else {
            zone = nil
            return
        }
        guard let found = TimeZone(identifier: name) else {
            throw ProcessorsError(.invalidPlan, "there is no time zone \(name)")
        }
        zone = ZoneOffsets(found)
    }

    /// Of every row whose element of `slots` is not `noSlot`; the others mean nothing.
    func starts(of times: [Int64], slots: [UInt32]) -> [Int64] {
        guard let zone else { return floors(times) }
        return zone.withOffsets { offsets in
            times.indices.map { slots[$0] == GroupMap.noSlot ? 0 : localStart(times[$0], &offsets) }
        }
    }

    /// Event times mostly come in order, and a division takes longer than all else here.
    private func floors(_ times: [Int64]) -> [Int64] {
        var start = times.first.map { floor($0) } ?? 0
        return times.map { time in
            if UInt64(bitPattern: time &- start) >= UInt64(width) { start = floor(time) }
            return start
        }
    }

    /// Of the pane that `time` is in.
    func start(of time: Int64) -> Int64 {
        guard let zone else { return floor(time) }
        return zone.withOffsets { localStart(time, &$0) }
    }

    /// The greatest multiple of the width that is not after `time`.
    @inline(__always)
    private func floor(_ time: Int64) -> Int64 {
        let remainder = time % width
        return time &- (remainder < 0 ? remainder + width : remainder)
    }

    /// The local start is taken back to UTC with the offset that holds there, which is another one where the clock was
    /// changed between it and `time`.
    private func localStart(_ time: Int64, _ zone: inout ZoneOffsets.Known) -> Int64 {
        let offset = zone.offset(at: time)
        let start = floor(time + offset)
        let offsetThere = zone.offset(at: start - offset)
        return start - offsetThere
    }
}

/// A zone's offset from UTC in microseconds. Foundation takes most of a microsecond to find one; nearly every change in
/// the world falls on a quarter of an hour, so quarters that have one offset throughout are remembered.
private final class ZoneOffsets: Sendable {
    private let known: Mutex<Known>

    init(_ zone: TimeZone) {
        known = Mutex(Known(zone))
    }

    func withOffsets<R: Sendable>(_ body: (inout Known) -> R) -> R {
        known.withLock { body(&$0) }
    }

    struct Known {
        private static let quarter: Int64 = 900_000_000  // microseconds
        private static let capacity = 4096

        private let zone: TimeZone
        private var quarters = [Int64](repeating: .min, count: capacity)
        private var offsets = [Int64](repeating: 0, count: capacity)

        init(_ zone: TimeZone) {
            self.zone = zone
        }

        mutating func offset(at time: Int64) -> Int64 {
            let remainder = time % Self.quarter
            let start = time - (remainder < 0 ? remainder + Self.quarter : remainder)
            let index = Int(start / Self.quarter) & (Self.capacity - 1)
            if quarters[index] == start { return offsets[index] }
            let first = find(start)
            guard first == find(start + Self.quarter - 1_000_000) else { return find(time) }
            quarters[index] = start
            offsets[index] = first
            return first
        }

        private func find(_ time: Int64) -> Int64 {
            Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time) / 1_000_000))) * 1_000_000
        }
    }
}
