internal import Glibc
internal import Histogram

/// What one thread found.
struct DriveResult {
    var lookups = 0
    /// With those of the warm-up, and those under way when it ended.
    var allLookups = 0
    var seconds = 0.0
    /// Of the thread, while it measured.
    var processorSeconds = 0.0
    var comparedValues = 0
    /// Nanoseconds from a burst's way out to each of its answers.
    var latencies = Histogram<UInt64>(
        lowestDiscernibleValue: 1, highestTrackableValue: 100_000_000_000, numberOfSignificantValueDigits: .two)

    mutating func add(_ other: DriveResult) {
        lookups += other.lookups
        allLookups += other.allLookups
        seconds = max(seconds, other.seconds)
        processorSeconds += other.processorSeconds
        comparedValues += other.comparedValues
        latencies.add(other.latencies)
    }
}

/// When a thread measures and when it ends.
struct DriveTimes {
    /// Answers before this are not counted.
    var begin: UInt64
    var end: UInt64
    /// Lookups from the very beginning after which it ends all the same.
    var mostLookups: Int
}

/// One thread's connections and its epoll: every connection has one burst under way, and sends the next when the last answer has come, as
/// redis-benchmark does.
final class DriveLoop<Wire: LookupWire> {
    private let wire: Wire
    private let connections: [Connection]
    private let sequence: KeySequence
    private let epoll: Epoll
    private var result = DriveResult()

    init(_ wire: Wire, _ connections: [Connection], _ sequence: KeySequence) throws(DriveError) {
        self.wire = wire
        self.connections = connections
        self.sequence = sequence
        epoll = try Epoll(capacity: connections.count)
        for (token, connection) in connections.enumerated() { try epoll.add(connection.socket, token: token) }
    }

    func run(_ times: DriveTimes) throws -> DriveResult {
        var isMeasuring = false
        var began = monotonicNanoseconds()
        var processorBegan = threadProcessorSeconds()
        var total = 0
        var sending = connections.count
        for token in connections.indices { try sendNext(token) }
        while sending > 0 {
            let count = try epoll.wait(milliseconds: 1000)
            for index in 0..<count {
                let token = epoll.token(index)
                let connection = connections[token]
                if epoll.isWritable(index), try connection.sendRest() {
                    try epoll.change(connection.socket, token: token, writes: false)
                }
                let answers = try connection.receiveAnswers(wire)
                guard answers > 0 else { continue }
                let now = monotonicNanoseconds()
                if !isMeasuring && now >= times.begin {
                    isMeasuring = true
                    (began, processorBegan) = (now, threadProcessorSeconds())
                } else if isMeasuring {
                    result.lookups += answers
                    result.latencies.record(now &- connection.sentAt, count: UInt64(answers))
                }
                total += answers
                guard connection.burst.isAnswered else { continue }
                if now >= times.end || total >= times.mostLookups {
                    sending -= 1
                } else {
                    try sendNext(token)
                }
            }
        }
        result.allLookups = total
        result.seconds = Double(monotonicNanoseconds() - began) / 1e9
        result.processorSeconds = threadProcessorSeconds() - processorBegan
        result.comparedValues = connections.reduce(0) { $0 + $1.burst.comparedValues }
        return result
    }

    @inline(__always)
    private func sendNext(_ token: Int) throws {
        let connection = connections[token]
        connection.burst.answered = 0
        for index in 0..<connection.burst.count { connection.burst.ids[index] = sequence.next() }
        connection.sentAt = monotonicNanoseconds()
        if try !connection.sendBurst(wire) {
            try epoll.change(connection.socket, token: token, writes: true)
        }
    }
}

func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}

func threadProcessorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
