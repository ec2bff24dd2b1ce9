/// Where a processor's time went, in nanoseconds, since it started.
package struct StageTimes: Sendable, Hashable {
    /// Records out of the log.
    package var read: UInt64 = 0
    /// Records into columns.
    package var decode: UInt64 = 0
    /// Rows of joined tables.
    package var join: UInt64 = 0
    /// Filters, keys and arguments.
    package var evaluate: UInt64 = 0
    /// Keys into slots.
    package var group: UInt64 = 0
    /// Arguments into partials, or rows into newest rows.
    package var aggregate: UInt64 = 0
    /// Partials into operands.
    package var encode: UInt64 = 0
    /// Operands and positions into the table store.
    package var commit: UInt64 = 0
    /// Records into output categories.
    package var output: UInt64 = 0

    package init() {}

    package static func += (times: inout StageTimes, more: StageTimes) {
        times.read += more.read
        times.decode += more.decode
        times.join += more.join
        times.evaluate += more.evaluate
        times.group += more.group
        times.aggregate += more.aggregate
        times.encode += more.encode
        times.commit += more.commit
        times.output += more.output
    }

    package var total: UInt64 { read + decode + join + evaluate + group + aggregate + encode + commit + output }
}

/// Charges the time between its marks to stages.
struct Stopwatch {
    private let clock: ProcessorClock
    private var last: UInt64
    private(set) var times = StageTimes()

    init(_ clock: ProcessorClock) {
        self.clock = clock
        last = clock.monotonic()
    }

    /// What came before belongs to no stage.
    mutating func start() {
        last = clock.monotonic()
    }

    /// Time that was spent elsewhere.
    mutating func add(_ more: StageTimes) {
        times += more
    }

    mutating func charge(_ stage: WritableKeyPath<StageTimes, UInt64>) {
        let now = clock.monotonic()
        times[keyPath: stage] += now > last ? now - last : 0
        last = now
    }
}
