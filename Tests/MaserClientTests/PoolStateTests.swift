import NIOCore
import RPC
import Testing

@testable import MaserClient

private final class FakeConnection: PooledConnection, @unchecked Sendable {
    // One test uses it on one thread.
    var load: Int? = 0
    var receivedCount: UInt64 = 0
    var isWritable = true
    let name: String

    init(_ name: String, load: Int = 0) {
        self.name = name
        self.load = load
    }
}

@Suite("A pool's decisions")
struct PoolStateTests {
    private static let healthChecks = HealthChecks(idle: .seconds(15), silence: .seconds(1), patience: .seconds(2))

    private static func state(size: Int, least: Int = 1) -> PoolState<FakeConnection> {
        PoolState(
            size: size, least: least, backoff: Backoff(first: .milliseconds(10), greatest: .milliseconds(100)),
            healthChecks: healthChecks, seed: 7)
    }

    private var state = Self.state(size: 2)

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

    @Test("the first call makes a connection, others wait for it, and a second is made when the first has work")
    mutating func firstConnection() {
        #expect(describe(state.acquire(now: time(0))) == "connect 0")
        #expect(describe(state.acquire(now: time(0))) == "wait")
        let a = FakeConnection("a")
        #expect(state.connected(0, a, now: time(0)) == true)
        #expect(describe(state.acquire(now: time(0))) == "use a")
        a.load = 1
        #expect(describe(state.acquire(now: time(0))) == "use a, connect 1")
        #expect(describe(state.acquire(now: time(0))) == "use a")
    }

    @Test("so many connections as are wanted at least are made without work too")
    mutating func least() {
        state = Self.state(size: 3, least: 2)
        _ = state.acquire(now: time(0))
        _ = state.connected(0, FakeConnection("a"), now: time(0))
        #expect(describe(state.acquire(now: time(0))) == "use a, connect 1")
        _ = state.connected(1, FakeConnection("b"), now: time(0))
        #expect(!describe(state.acquire(now: time(0))).contains("connect"))
    }

    @Test("of two connections the one with less to do is used, and the busiest of many never")
    mutating func leastLoaded() {
        state = Self.state(size: 4)
        let connections = (0..<4).map { FakeConnection("\($0)", load: $0) }
        for (index, connection) in connections.enumerated() { _ = state.connected(index, connection, now: time(0)) }
        var uses: [String: Int] = [:]
        for _ in 0..<1000 { uses[describe(state.acquire(now: time(0))), default: 0] += 1 }
        #expect(Set(uses.keys) == ["use 0", "use 1", "use 2"])
        #expect(uses["use 0"] ?? 0 > uses["use 1"] ?? 0)
        #expect(uses["use 1"] ?? 0 > uses["use 2"] ?? 0)
        // Requests that stay under way spread evenly.
        for connection in connections { connection.load = 0 }
        for _ in 0..<1000 {
            if case .use(let connection, _) = state.acquire(now: time(0)) {
                connection.load = (connection.load ?? 0) + 1
            }
        }
        #expect(connections.allSatisfy { (245...255).contains($0.load ?? 0) })
    }

    @Test("a connection that was lost is replaced while the others serve")
    mutating func lost() {
        let (a, b) = (FakeConnection("a"), FakeConnection("b", load: 3))
        _ = state.connected(0, a, now: time(0))
        _ = state.connected(1, b, now: time(0))
        a.load = nil
        #expect(describe(state.acquire(now: time(0))) == "use b, connect 0")
        #expect(describe(state.acquire(now: time(0))) == "use b")
    }

    @Test("a slow request is hedged over the least loaded of the others")
    mutating func other() {
        state = Self.state(size: 3)
        let connections = (0..<3).map { FakeConnection("\($0)", load: $0) }
        _ = state.connected(0, connections[0], now: time(0))
        #expect(state.other(than: connections[0])?.name == nil)
        for index in 1..<3 { _ = state.connected(index, connections[index], now: time(0)) }
        #expect(state.other(than: connections[0])?.name == "1")
        #expect(state.other(than: connections[2])?.name == "0")
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
        _ = state.connected(0, FakeConnection("a"), now: time(0))
        #expect(state.close().map(\.name) == ["a"])
        #expect(describe(state.acquire(now: time(0))) == "closed")
        #expect(state.connected(1, FakeConnection("b"), now: time(0)) == false)
    }

    // MARK: Health

    private func checkUp(
        _ state: inout PoolState<FakeConnection>, at milliseconds: Int64
    ) -> (pings: [String], dropped: [String], connect: [Int]) {
        let checkup = state.checkUp(now: time(milliseconds))
        return (checkup.pings.map(\.name), checkup.dropped.map(\.name), checkup.connect)
    }

    @Test("an idle connection is pinged, once, and dropped and made anew when nothing comes")
    mutating func idle() {
        _ = state.connected(0, FakeConnection("a"), now: time(0))
        #expect(checkUp(&state, at: 14_999) == ([], [], []))
        #expect(checkUp(&state, at: 15_000) == (["a"], [], []))
        #expect(checkUp(&state, at: 16_900) == ([], [], []))
        #expect(checkUp(&state, at: 17_000) == ([], ["a"], [0]))
        #expect(describe(state.acquire(now: time(17_000))) == "wait")
    }

    @Test("one whose calls wait is pinged sooner, and whatever comes is a sign of life")
    mutating func busy() {
        let a = FakeConnection("a", load: 1)
        _ = state.connected(0, a, now: time(0))
        #expect(checkUp(&state, at: 1000) == (["a"], [], []))
        a.receivedCount = 1
        #expect(checkUp(&state, at: 2999) == ([], [], []))
        #expect(checkUp(&state, at: 3998) == ([], [], []))
        #expect(checkUp(&state, at: 3999) == (["a"], [], []))
        #expect(checkUp(&state, at: 5999) == ([], ["a"], [0]))
    }

    @Test("while much is being sent, silence says nothing, but not for ever")
    mutating func sending() {
        let a = FakeConnection("a", load: 1)
        _ = state.connected(0, a, now: time(0))
        a.isWritable = false
        for second: Int64 in 1...60 { #expect(checkUp(&state, at: second * 1000) == ([], [], [])) }
        a.isWritable = true
        #expect(checkUp(&state, at: 61_000) == (["a"], [], []))
        a.isWritable = false
        #expect(checkUp(&state, at: 119_999) == ([], [], []))
        #expect(checkUp(&state, at: 120_000) == ([], ["a"], [0]))
    }
}
