internal import NIOCore
internal import RPC

/// What a pool holds. The real one is a `ClientConnection`.
protocol PooledConnection: AnyObject, Sendable {
    /// How many requests wait for their answer; nil where it takes none.
    var load: Int? { get }
    /// Rises whenever something comes from the server.
    var receivedCount: UInt64 { get }
    /// Whether what was sent has left this process.
    var isWritable: Bool { get }
}

extension ClientConnection: PooledConnection {}

/// A pool's decisions, without sockets or a clock: which connection serves next, when one is to be made, and which are dead.
///
/// Of two connections taken by chance the one with less to do serves: that spreads requests nearly as evenly as a look at all of
/// them would, and two clients never run to the same place. A connection more is made when the one that was chosen has requests
/// under way already.
struct PoolState<Connection: PooledConnection> {
    private enum Place {
        case empty(failures: Int, notBefore: NIODeadline)
        case connecting(failures: Int)
        case connected(Connection, ConnectionHealth)
    }

    enum Acquisition {
        /// Use this one. `connect` is another place where one is to be made meanwhile.
        case use(Connection, connect: Int?)
        /// Make one in this place; then ask again.
        case connect(Int)
        /// One is being made; ask again when it is there or has failed.
        case waitForConnection
        /// The server could not be reached just now. Ask again at this time.
        case waitUntil(NIODeadline, RPCError)
        case closed
    }

    private var places: [Place]
    /// So many are made at once, however little there is to do.
    private let least: Int
    private var lastError = RPCError(.connectionFailed)
    private var isClosed = false
    private let backoff: Backoff
    private let healthChecks: HealthChecks
    private var chance: UInt64

    init(size: Int, least: Int = 1, backoff: Backoff, healthChecks: HealthChecks = HealthChecks(), seed: UInt64 = 1) {
        places = Array(repeating: Self.nothing, count: max(1, size))
        self.least = min(least, places.count)
        self.backoff = backoff
        self.healthChecks = healthChecks
        chance = seed | 1
    }

    private static var nothing: Place { .empty(failures: 0, notBefore: .uptimeNanoseconds(0)) }

    // MARK: Choosing

    mutating func acquire(now: NIODeadline) -> Acquisition {
        if isClosed { return .closed }
        if let (connection, load, count) = choose() {
            guard load > 0 || count < least, count < places.count else { return .use(connection, connect: nil) }
            return .use(connection, connect: places.indices.first { begin($0, now: now) })
        }
        if isConnecting { return .waitForConnection }
        if let due = places.indices.first(where: { begin($0, now: now) }) { return .connect(due) }
        return .waitUntil(earliest, lastError)
    }

    /// The one with less to do of two that take requests, its load, and how many there are.
    private mutating func choose() -> (Connection, load: Int, count: Int)? {
        var count = 0
        for index in places.indices where isOpen(index) { count += 1 }
        if count == 0 { return nil }
        let first = nextChance(below: count)
        // Any but the first.
        let second = count > 1 ? (first + 1 + nextChance(below: count - 1)) % count : first
        guard let a = open(number: first), let b = open(number: second) else { return nil }
        return b.load < a.load ? (b.connection, b.load, count) : (a.connection, a.load, count)
    }

    /// Another connection than one that is slow to answer: the least loaded.
    func other(than connection: Connection) -> Connection? {
        var best: (connection: Connection, load: Int)?
        for case .connected(let other, _) in places where other !== connection {
            if let load = other.load, load < best?.load ?? .max { best = (other, load) }
        }
        return best?.connection
    }

    /// Empties a place whose connection takes no more requests: it was lost, or the server is stopping.
    private mutating func isOpen(_ index: Int) -> Bool {
        guard case .connected(let connection, _) = places[index] else { return false }
        if connection.load != nil { return true }
        places[index] = Self.nothing
        return false
    }

    private func open(number: Int) -> (connection: Connection, load: Int)? {
        var number = number
        for case .connected(let connection, _) in places {
            if number == 0 { return (connection, connection.load ?? .max) }
            number -= 1
        }
        return nil
    }

    private mutating func nextChance(below bound: Int) -> Int {
        chance ^= chance << 13
        chance ^= chance >> 7
        chance ^= chance << 17
        return Int(chance % UInt64(bound))
    }

    // MARK: Making connections

    var isConnecting: Bool {
        places.contains { if case .connecting = $0 { true } else { false } }
    }

    private mutating func begin(_ index: Int, now: NIODeadline) -> Bool {
        guard case .empty(let failures, let notBefore) = places[index], notBefore <= now else { return false }
        places[index] = .connecting(failures: failures)
        return true
    }

    private var earliest: NIODeadline {
        places.map { if case .empty(_, let notBefore) = $0 { notBefore } else { .distantFuture } }.min()
            ?? .distantFuture
    }

    /// false: the pool was closed meanwhile, and the connection is not wanted.
    mutating func connected(_ index: Int, _ connection: Connection, now: NIODeadline) -> Bool {
        guard !isClosed else { return false }
        places[index] = .connected(connection, ConnectionHealth(now: now, received: connection.receivedCount))
        return true
    }

    mutating func failed(_ index: Int, _ error: RPCError, now: NIODeadline, jitter: Double) {
        guard case .connecting(let failures) = places[index] else { return }
        lastError = error
        let delay = backoff.delay(afterFailures: failures + 1, jitter: jitter)
        places[index] = .empty(failures: failures + 1, notBefore: now + delay)
    }

    // MARK: Health

    /// What is to be done for the connections' health.
    struct Checkup {
        var pings: [Connection] = []
        /// Dead, and out of their places.
        var dropped: [Connection] = []
        /// Places where connections are to be made anew.
        var connect: [Int] = []
    }

    mutating func checkUp(now: NIODeadline) -> Checkup {
        var checkup = Checkup()
        for index in places.indices {
            guard case .connected(let connection, var health) = places[index], let load = connection.load else {
                continue
            }
            let action = health.check(
                healthChecks, now: now, received: connection.receivedCount, isBusy: load > 0,
                isSending: !connection.isWritable)
            places[index] = .connected(connection, health)
            switch action {
            case .nothing: break
            case .ping: checkup.pings.append(connection)
            case .drop:
                checkup.dropped.append(connection)
                places[index] = Self.nothing
                if begin(index, now: now) { checkup.connect.append(index) }
            }
        }
        return checkup
    }

    /// The connections that were there.
    mutating func close() -> [Connection] {
        isClosed = true
        defer { places = places.map { _ in .empty(failures: 0, notBefore: .distantFuture) } }
        return places.compactMap { if case .connected(let connection, _) = $0 { connection } else { nil } }
    }
}
