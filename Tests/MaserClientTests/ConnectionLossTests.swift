import RPC
import Synchronization
import Testing

@testable import MaserClient

extension ClientTests {
    @Test("a read without an answer is asked for again over another connection, and the first answer counts")
    func hedged() async throws {
        let server = try await FakeServer.start()
        try server.put("JFK", "SFO", day.microseconds, 9)
        let client = try await server.client(hedging: Hedging(delay: .fixed(.milliseconds(1)), greatestShare: 1))
        let routes = try await client.table("delay_by_route")
        // The second connection is made when the first is used.
        while server.state.withLock({ $0.connections.count }) < 2 { _ = try await routes.get("JFK", "SFO", day) }
        let before = server.count(.get)
        server.state.withLock { $0.holds = 1 }
        #expect(try await routes.get("JFK", "SFO", day) != nil)
        #expect(server.count(.get) - before == 2)
        // What waits for a position is not.
        server.state.withLock { $0.holds = 1 }
        let options = ReadOptions(
            timeout: .milliseconds(100), waitingFor: [CategoryPosition(category: "flights", bucket: 0, offset: 1)])
        let error = await #expect(throws: ClientError.self) {
            try await routes.get("JFK", "SFO", day, options: options)
        }
        #expect(error?.code == .deadlineExceeded)
        client.close()
        await server.stop()
    }

    @Test("a failure does not end a hedged read while its other sending may be answered")
    func hedgedFailure() async throws {
        let server = try await FakeServer.start()
        let client = try await server.client(hedging: Hedging(delay: .fixed(.milliseconds(1)), greatestShare: 1))
        let airports = try await client.table("airports")
        while server.state.withLock({ $0.connections.count }) < 2 { _ = try await airports.get("SFO") }
        server.state.withLock { $0.holds = 2 }
        let lookup = Task { try await airports.get("SFO") }
        while server.state.withLock({ $0.held.count }) < 2 { await Task.yield() }
        let held = server.state.withLock { $0.held }
        held[0].fail(RPCError(.refused))
        held[1].answer { writer throws(RPCError) in
            WireGetResponse.append(tableID: 2, schemaRevision: 1, to: &writer) { WireRow.append(nil, to: &$0) }
        }
        #expect(try await lookup.value == nil)
        client.close()
        await server.stop()
    }

    @Test("a hedged read that is cancelled ends, and one whose every sending fails has the failure")
    func hedgedFailures() async throws {
        let server = try await FakeServer.start()
        let client = try await server.client(hedging: Hedging(delay: .fixed(.milliseconds(1)), greatestShare: 1))
        let airports = try await client.table("airports")
        let error = await #expect(throws: ClientError.self) {
            try await airports.get("SFO", options: ReadOptions(version: 99))
        }
        #expect(error?.code == .versionGone)
        server.state.withLock { $0.holds = .max }
        let task = Task { try await airports.get("SFO") }
        while server.state.withLock({ $0.held.isEmpty }) { await Task.yield() }
        task.cancel()
        let cancelled = await #expect(throws: ClientError.self) { try await task.value }
        #expect(cancelled?.code == .cancelled)
        client.close()
        await server.stop()
    }

    @Test(
        "a connection on which nothing comes, no answer to a ping either, is left for a new one within the call's time")
    func silence() async throws {
        let server = try await FakeServer.start()
        try server.put("JFK", "SFO", day.microseconds, 9)
        let checks = HealthChecks(idle: .seconds(15), silence: .milliseconds(20), patience: .milliseconds(40))
        let client = try await server.client(connections: 1, healthChecks: checks)
        let routes = try await client.table("delay_by_route")
        server.state.withLock { $0.isSilent = true }
        let lookup = Task { try await routes.get("JFK", "SFO", day) }
        while server.count(.ping) == 0 { await Task.yield() }
        server.state.withLock { $0.isSilent = false }
        #expect(try await lookup.value != nil)
        #expect(server.state.withLock { $0.connections.count } == 2)
        client.close()
        await server.stop()
    }

    @Test("an idle connection that answers pings stays")
    func idle() async throws {
        let server = try await FakeServer.start()
        let checks = HealthChecks(idle: .milliseconds(10), silence: .seconds(1), patience: .seconds(1))
        let client = try await server.client(connections: 1, healthChecks: checks)
        while server.count(.ping) < 3 { await Task.yield() }
        #expect(server.state.withLock { $0.connections.count } == 1)
        client.close()
        await server.stop()
    }

    @Test("calls that all fail do not become many times as many")
    func retryBudget() async throws {
        try await served { server, client in
            let routes = try await client.table("delay_by_route")
            server.state.withLock { $0.overloads = .max }
            let before = server.count(.get)
            let failures = await withTaskGroup(of: ClientError.Code?.self) { group in
                for _ in 0..<1000 {
                    group.addTask {
                        do throws(ClientError) {
                            _ = try await routes.get("JFK", "SFO", day)
                            return nil
                        } catch {
                            return error.code
                        }
                    }
                }
                return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            }
            #expect(failures == [.overloaded: 1000])
            // A fifth more, what was kept, and ten a second while it took.
            #expect(server.count(.get) - before < 1500)
        }
    }
}
