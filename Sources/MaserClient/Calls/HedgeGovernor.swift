internal import NIOCore
internal import RPC
internal import Synchronization

/// Says when a read may be sent a second time: not before most are answered, and not more often than a share of all.
final class HedgeGovernor: Sendable {
    private struct State {
        var latencies: [RPC.Operation: LatencyWindow] = [:]
        var balance = 1.0
    }

    private let state = Mutex(State())
    /// So many can follow each other at once after a quiet time.
    private static let greatestBalance = 10.0

    /// Counts a read, and says how long it is waited for the answer alone; nil: for ever.
    func begin(_ operation: RPC.Operation, _ hedging: Hedging) -> TimeAmount? {
        state.withLock { state in
            state.balance = min(Self.greatestBalance, state.balance + hedging.greatestShare)
            switch hedging.delay {
            case .fixed(let delay): return TimeAmount(delay)
            case .percentile95: return state.latencies[operation]?.percentile95
            }
        }
    }

    /// Whether one may be sent twice now.
    func pay() -> Bool {
        state.withLock { state in
            guard state.balance >= 1 else { return false }
            state.balance -= 1
            return true
        }
    }

    func answered(_ operation: RPC.Operation, after latency: TimeAmount) {
        state.withLock { $0.latencies[operation, default: LatencyWindow()].add(latency) }
    }
}

/// The last latencies of one kind of read.
struct LatencyWindow: Sendable {
    private static let capacity = 256
    /// Sorting is dear: it is done once for so many.
    private static let batch = 32

    private var latencies: [Int64] = []
    private var next = 0
    /// nil: too few are known.
    private(set) var percentile95: TimeAmount?

    mutating func add(_ latency: TimeAmount) {
        if latencies.count < Self.capacity {
            latencies.append(latency.nanoseconds)
        } else {
            latencies[next] = latency.nanoseconds
        }
        next = (next + 1) % Self.capacity
        guard next.isMultiple(of: Self.batch) else { return }
        let sorted = latencies.sorted()
        percentile95 = .nanoseconds(sorted[sorted.count * 95 / 100])
    }
}
