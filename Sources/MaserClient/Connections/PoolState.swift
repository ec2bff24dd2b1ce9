internal import NIOCore
internal import RPC

/// What a pool holds. The real one is a `ClientConnection`.
protocol PooledConnection: Sendable {
    /// Whether it takes requests.
    var isOpen: Bool { get }
}

extension ClientConnection: PooledConnection {}

/// A pool's decisions, without sockets or a clock: which connection serves next, and when one is to be made.
struct PoolState<Connection: PooledConnection> {
    private enum Place {
        case empty(failures: Int, notBefore: NIODeadline)
        case connecting(failures: Int)
        case connected(Connection)
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
    private var next = 0
    private var lastError = RPCError(.connectionFailed)
    private var isClosed = false
    private let backoff: Backoff

    init(size: Int, backoff: Backoff) {
        places = Array(repeating: .empty(failures: 0, notBefore: .uptimeNanoseconds(0)), count: max(1, size))
        self.backoff = backoff
    }

    mutating func acquire(now: NIODeadline) -> Acquisition {
        if isClosed { return .closed }
        next = (next + 1) % places.count
        if let connection = open(next) { return .use(connection, connect: nil) }
        for offset in 1..<max(places.count, 2) {
            if let connection = open((next + offset) % places.count) {
                return .use(connection, connect: begin(next, now: now) ? next : nil)
            }
        }
        if isConnecting { return .waitForConnection }
        if let due = places.indices.first(where: { begin($0, now: now) }) { return .connect(due) }
        return .waitUntil(earliest, lastError)
    }

    private mutating func open(_ index: Int) -> Connection? {
        guard case .connected(let connection) = places[index] else { return nil }
        if connection.isOpen { return connection }
        places[index] = .empty(failures: 0, notBefore: .uptimeNanoseconds(0))
        return nil
    }

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
    mutating func connected(_ index: Int, _ connection: Connection) -> Bool {
        guard !isClosed else { return false }
        places[index] = .connected(connection)
        return true
    }

    mutating func failed(_ index: Int, _ error: RPCError, now: NIODeadline, jitter: Double) {
        guard case .connecting(let failures) = places[index] else { return }
        lastError = error
        let delay = backoff.delay(afterFailures: failures + 1, jitter: jitter)
        places[index] = .empty(failures: failures + 1, notBefore: now + delay)
    }

    /// The connections that were there.
    mutating func close() -> [Connection] {
        isClosed = true
        defer { places = places.map { _ in .empty(failures: 0, notBefore: .distantFuture) } }
        return places.compactMap { if case .connected(let connection) = $0 { connection } else { nil } }
    }
}
