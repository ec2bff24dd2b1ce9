import NIOCore
import RPC
import Testing

@testable import MaserClient

private final class FakeConnection: PooledConnection, @unchecked Sendable {
    // One test uses it on one thread.
    var isOpen = true
    let name: String

    init(_ name: String) {
        self.name = name
    }
}

@Suite("A pool's decisions")
struct PoolStateTests {
    private var state = PoolState<FakeConnection>(
        size: 2, backoff: Backoff(first: .milliseconds(10), greatest: .milliseconds(100)))

    private func time(_ milliseconds: Int64) -> NIODeadline { .uptimeNanoseconds(UInt64(milliseconds) * 1_000_000) }

    private func describe(_ acquisition: PoolState<FakeConnection>.Acquisition) -> String {
        switch acquisition {
        case .use(let connection, let other): "use \(connection.name)\(other.map { ", connect \($0)" } ?? "")"
        case .connect(let place): "connect \(place)"
        case .waitForConnection: "wait"
        case .waitUntil(let time, let error): "wait until \(time.uptimeNanoseconds / 1_000_000): \(error.message)"
        case .closed: "closed"
        }
    }

    @Test("the first call makes a connection, and others wait for it")
    mutating func firstConnection() {
        #expect(describe(state.acquire(now: time(0))) == "connect 0")
        #expect(describe(state.acquire(now: time(0))) == "wait")
        #expect(state.connected(0, FakeConnection("a")) == true)
        #expect(describe(state.acquire(now: time(0))) == "use a, connect 1")
        #expect(describe(state.acquire(now: time(0))) == "use a")
    }

    @Test("connections take turns")
    mutating func turns() {
        _ = state.acquire(now: time(0))
        _ = state.connected(0, FakeConnection("a"))
        _ = state.connected(1, FakeConnection("b"))
        let used = Set((0..<4).map { _ in describe(state.acquire(now: time(0))) })
        #expect(used == ["use a", "use b"])
    }

    @Test("a connection that was lost is replaced while the others serve")
    mutating func lost() {
        let (a, b) = (FakeConnection("a"), FakeConnection("b"))
        _ = state.connected(0, a)
        _ = state.connected(1, b)
        a.isOpen = false
        let first = Set((0..<2).map { _ in describe(state.acquire(now: time(0))) })
        #expect(first == ["use b, connect 0", "use b"])
    }

    @Test("after a failure the next try waits, longer each time and up to a bound")
    mutating func backoff() {
        var now: Int64 = 0
        var delays: [Int64] = []
        for _ in 0..<6 {
            guard case .connect(let place) = state.acquire(now: time(now)) else { break }
            state.failed(place, RPCError(.connectionFailed, "refused"), now: time(now), jitter: 1)
            // The other place may try at once.
            if case .connect(let other) = state.acquire(now: time(now)) {
                state.failed(other, RPCError(.connectionFailed, "refused"), now: time(now), jitter: 1)
            }
            guard case .waitUntil(let until, let error) = state.acquire(now: time(now)) else { break }
            #expect(error.message == "refused")
            let next = Int64(until.uptimeNanoseconds / 1_000_000)
            delays.append(next - now)
            now = next
        }
        #expect(delays == [10, 20, 40, 80, 100, 100])
    }

    @Test("a closed pool hands out nothing and wants nothing")
    mutating func closing() {
        _ = state.acquire(now: time(0))
        _ = state.connected(0, FakeConnection("a"))
        #expect(state.close().map(\.name) == ["a"])
        #expect(describe(state.acquire(now: time(0))) == "closed")
        #expect(state.connected(1, FakeConnection("b")) == false)
    }
}

@Suite("Retries")
struct RetryPolicyTests {
    private let policy = RetryPolicy()

    private func retries(
        _ error: RPCError, idempotent: Bool, attempt: Int = 1, left: TimeAmount = .seconds(5)
    ) -> Bool {
        policy.decide(error, isIdempotent: idempotent, attempt: attempt, timeLeft: left, jitter: 0.5) != .fail
    }

    @Test("what can pass is tried again, what cannot is not")
    func kinds() {
        #expect(retries(RPCError(.overloaded), idempotent: true))
        #expect(retries(RPCError(.connectionFailed), idempotent: true))
        #expect(!retries(RPCError(.notFound), idempotent: true))
        #expect(!retries(RPCError(.tlsFailed), idempotent: true))
        #expect(!retries(RPCError(.deadlineExceeded), idempotent: true))
    }

    @Test("what may have been done is repeated only where that is the same as once")
    func outcomes() {
        let lost = RPCError(.connectionLost, mayHaveBeenDone: true)
        #expect(retries(lost, idempotent: true))
        #expect(!retries(lost, idempotent: false))
        #expect(retries(RPCError(.overloaded), idempotent: false))
    }

    @Test("there is an end to it")
    func bounds() {
        #expect(!retries(RPCError(.overloaded), idempotent: true, attempt: 10))
        #expect(!retries(RPCError(.overloaded), idempotent: true, left: .milliseconds(1)))
    }

    @Test("half of a delay is certain, the other half is chance, and it doubles up to a bound")
    func delays() {
        let backoff = Backoff(first: .milliseconds(10), greatest: .milliseconds(500))
        #expect(backoff.delay(afterFailures: 1, jitter: 0) == .milliseconds(5))
        #expect(backoff.delay(afterFailures: 1, jitter: 1) == .milliseconds(10))
        #expect(backoff.delay(afterFailures: 3, jitter: 1) == .milliseconds(40))
        #expect(backoff.delay(afterFailures: 1000, jitter: 1) == .milliseconds(500))
    }
}

@Suite("Endpoints")
struct EndpointTests {
    @Test("a host, a port or both")
    func forms() throws {
        #expect(try Endpoint("maser.internal:7000") == Endpoint(host: "maser.internal", port: 7000))
        #expect(try Endpoint("localhost") == Endpoint(host: "localhost", port: 7420))
        #expect(try Endpoint("[::1]:7000") == Endpoint(host: "::1", port: 7000))
        #expect(try Endpoint("[::1]") == Endpoint(host: "::1"))
        #expect(try Endpoint("::1") == Endpoint(host: "::1"))
        #expect(Endpoint(host: "::1").description == "[::1]:7420")
    }

    @Test("what is none is refused with an example")
    func refusals() {
        for text in ["", ":7420", "host:", "host:x", "host:0", "host:70000", "[::1", "[::1]x"] {
            let error = #expect(throws: ClientError.self, "\(text)") { try Endpoint(text) }
            #expect(error?.code == .invalidArgument)
        }
    }
}
