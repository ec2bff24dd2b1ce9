import Synchronization
import Testing

@testable import MaserClient

extension ClientTests {
    @Test("a read has its contract on the wire, and an answer its freshness and version")
    func contracts() async throws {
        try await served { server, client in
            let routes = try await client.table("delay_by_route")
            let ends = try await client.category("flights").append(Record(value: "x"))
            let options = ReadOptions(maxStaleness: .milliseconds(1500), waitingFor: ends, version: 3)
            #expect(try await routes.get("JFK", "SFO", day, options: options) != nil)
            #expect(try await routes.get("JFK", "SFO", day) != nil)
            let answer = try await routes.with(options).getWithFreshness("JFK", "SFO", day)
            #expect(try answer.value?["flights", as: Int.self] == 9)
            #expect(answer.freshness == Timestamp(microseconds: 5_000_000))
            #expect(answer.version == 3)
            let folded = try await routes.foldWithFreshness("EWR", "SFO", options: options)
            #expect(try folded.value?["flights", as: Int.self] == 2)
            #expect(folded.freshness == answer.freshness)
            var asked = FakeServer.Asked(staleness: 1500, positions: ends, version: 3)
            #expect(server.state.withLock { Array($0.asked.prefix(2)) } == [asked, FakeServer.Asked()])
            asked.wantsFreshness = true
            #expect(server.state.withLock { Array($0.asked.dropFirst(2)) } == [asked, asked])
        }
    }

    @Test("a batch has one contract, and each of its tables its own version and columns")
    func batchContracts() async throws {
        try await served { server, client in
            let routes = try await client.table("delay_by_route").with(ReadOptions(columns: ["flights"]))
            let airports = try await client.table("airports").with(ReadOptions(version: 3))
            let (route, airport) = try await client.batch(options: ReadOptions(maxStaleness: .seconds(1))) {
                routes.lookup("JFK", "SFO", day).withFreshness
                airports.lookup("SFO")
            }
            #expect(try route.value?["flights", as: Int.self] == 9)
            #expect(route.version == 3)
            #expect(try airport?["name", as: String.self] == "San Francisco Intl")
            #expect(
                server.state.withLock { $0.asked } == [
                    FakeServer.Asked(staleness: 1000, wantsFreshness: true, columns: [1]),
                    FakeServer.Asked(staleness: 1000, wantsFreshness: true, version: 3),
                ])
        }
    }

    @Test("only the columns that are named come, whatever the case, and the key's are there in any case")
    func projection() async throws {
        try await served { server, client in
            let routes = try await client.table("delay_by_route").with(
                ReadOptions(columns: ["PHOTO", "flights", "dest"]))
            let row = try #require(try await routes.get("EWR", "SFO", day))
            #expect(row.columnNames == ["origin", "dest", "window_start", "flights", "photo"])
            #expect(try row["photo", as: [UInt8].self] == [1, 2])
            #expect(server.state.withLock { $0.asked.last?.columns } == [1, 6])
            let gone = #expect(throws: ClientError.self) { try row["mean_delay"] }
            #expect(gone?.code == .notFound)
            // One is asked for, as none would be all.
            let keys = try await routes.get("EWR", "SFO", day, options: ReadOptions(columns: ["dest"]))
            #expect(keys?.columnNames == ["origin", "dest", "window_start"])
            #expect(server.state.withLock { $0.asked.last?.columns } == [1])
            let folded = try await routes.fold("EWR", "SFO", options: ReadOptions(columns: ["flights"]))
            #expect(folded?.columnNames == ["origin", "dest", "flights"])
            let unknown = await #expect(throws: ClientError.self) {
                try await routes.get("EWR", "SFO", day, options: ReadOptions(columns: ["gate"]))
            }
            #expect(unknown?.message.hasPrefix("table delay_by_route has no column gate; it has origin, dest") == true)
        }
    }

    @Test("what is stale fails at once, or is waited for by who wants to")
    func staleness() async throws {
        try await served { server, client in
            let routes = try await client.table("delay_by_route", as: Row.self)
            server.state.withLock { $0.stale = 1 }
            let error = await #expect(throws: ClientError.self) {
                try await routes.get("JFK", "SFO", day, options: ReadOptions(maxStaleness: .milliseconds(500)))
            }
            #expect(error?.code == .stale)
            #expect(error?.isRetriable == true)
            #expect(error?.message == "table delay_by_route is 700 ms behind")
            server.state.withLock { $0.stale = 3 }
            let options = ReadOptions(maxStaleness: .milliseconds(500), waitsUntilFresh: true)
            #expect(try await routes.get("JFK", "SFO", day, options: options) != nil)
        }
    }

    @Test("a scan stays on the version that it began on, or says that it is gone")
    func pinnedScan() async throws {
        try await served { server, client in
            let routes = try await client.table("delay_by_route")
            var versions: [UInt32] = []
            var rows = 0
            for try await page in routes.scan().pages {
                versions.append(page.version)
                rows += page.value.count
                #expect(page.freshness == Timestamp(microseconds: 5_000_000))
            }
            #expect((versions, rows) == ([3, 3, 3], 7))
            var seen = 0
            let error = await #expect(throws: ClientError.self) {
                for try await _ in routes.scan() {
                    seen += 1
                    server.state.withLock { $0.version = 4 }
                }
            }
            #expect(error?.code == .versionGone)
            #expect(error?.isRetriable == false)
            #expect(seen == 3)
            let pinned = await #expect(throws: ClientError.self) {
                for try await _ in routes.scan(options: ReadOptions(version: 3)) {}
            }
            #expect(pinned?.code == .versionGone)
        }
    }

    @Test("many keys with their freshness are all of one version")
    func manyOfOneVersion() async throws {
        try await served { server, client in
            let routes = try await client.table("delay_by_route")
            let keys = (0..<1500).map { _ -> [any ColumnValue] in ["JFK", "SFO", day] }
            let answer = try await routes.getWithFreshness(keys: keys)
            #expect(answer.value.allSatisfy { $0 != nil })
            #expect(server.state.withLock { $0.asked.map(\.version) } == [nil, 3])
            #expect(answer.freshness == Timestamp(microseconds: 5_000_000))
        }
    }
}
