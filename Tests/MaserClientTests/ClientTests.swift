import Foundation
import RPC
import Records
import Synchronization
import Testing

@testable import MaserClient

private struct Route: Decodable, Equatable, Sendable {
    var origin: String
    var dest: String
    var windowStart: Date
    var flights: Int
    var meanDelay: Double?

    enum CodingKeys: String, CodingKey {
        case origin, dest, flights
        case windowStart = "window_start"
        case meanDelay = "mean_delay"
    }
}

private struct Total: Decodable, Equatable, Sendable {
    var dest: String
    var flights: Int
}

private struct Airport: Decodable, Equatable, Sendable {
    var faa: String
    var name: String
}

@Suite("The client")
struct ClientTests {
    let day = Timestamp(microseconds: 1_372_896_000_000_000)

    func served(
        _ body: (FakeServer, Client) async throws -> Void
    ) async throws {
        let server = try await FakeServer.start()
        for (index, dest) in ["ATL", "BOS", "ORD", "SFO", "XNA"].enumerated() {
            try server.put("EWR", dest, day.microseconds, Int64(index + 1), index == 3 ? .double(12.5) : .null)
        }
        try server.put("JFK", "SFO", day.microseconds, 9)
        try server.put("EWR", "SFO", day.microseconds + 86_400_000_000, 40)
        try server.put("SFO", "San Francisco Intl")
        let client = try await server.client()
        try await body(server, client)
        client.close()
        await server.stop()
    }

    // MARK: Lookups

    @Test("a row is read as a type by the names of its properties, key columns included")
    func typedRow() async throws {
        try await served { server, client in
            let routes = try await client.table("delay_by_route", as: Route.self)
            let route = try await routes.get("EWR", "SFO", day)
            #expect(
                route
                    == Route(
                        origin: "EWR", dest: "SFO", windowStart: Date(timeIntervalSince1970: 1_372_896_000),
                        flights: 4,
                        meanDelay: 12.5))
            #expect(try await routes.get("EWR", "ATL", day)?.meanDelay == nil)
            #expect(try await routes.get("EWR", "NOWHERE", day) == nil)
            #expect(server.count(.describeTable) == 1)
        }
    }

    @Test("an untyped row is read column by column")
    func untypedRow() async throws {
        try await served { _, client in
            let routes = try await client.table("Delay_By_Route")
            let row = try #require(try await routes.get("EWR", "SFO", Date(timeIntervalSince1970: 1_372_896_000)))
            #expect(try row["flights", as: Int.self] == 4)
            #expect(try row["ORIGIN", as: String.self] == "EWR")
            #expect(try row["window_start", as: Timestamp.self] == day)
            #expect(try row["note", as: String.self] == nil)
            #expect(try row["photo", as: [UInt8].self] == [1, 2])
            #expect(try row["mean_delay"] == .double(12.5))
            #expect(row.columnNames == ["origin", "dest", "window_start", "flights", "mean_delay", "note", "photo"])
            let missing = #expect(throws: ClientError.self) { try row["delay", as: Double.self] }
            #expect(missing?.code == .notFound)
            #expect(missing?.message.contains("mean_delay") == true)
            let wrong = #expect(throws: ClientError.self) { try row["flights", as: String.self] }
            #expect(wrong?.message == "column flights of table delay_by_route is INT64 and cannot be read as String")
        }
    }

    @Test("several keys are answered in their order, in requests of a thousand")
    func multiGet() async throws {
        try await served { server, client in
            let routes = try await client.table("delay_by_route", as: Route.self)
            let found = try await routes.get(keys: [["EWR", "XNA", day], ["LGA", "XNA", day], ["EWR", "ATL", day]])
            #expect(found.map { $0?.flights } == [5, nil, 1])
            #expect(try await routes.get(keys: []).isEmpty)
            let many = (0..<2500).map { _ -> [any ColumnValue] in ["JFK", "SFO", day] }
            let before = server.count(.get)
            #expect(try await routes.get(keys: many).allSatisfy { $0?.flights == 9 })
            #expect(server.count(.get) - before == 3)
        }
    }

    @Test("a batch asks several tables in one request")
    func batch() async throws {
        try await served { server, client in
            let routes = try await client.table("delay_by_route", as: Route.self)
            let airports = try await client.table("airports", as: Airport.self)
            let before = server.count(.get)
            let (route, airport, several) = try await client.batch {
                routes.lookup("JFK", "SFO", day)
                airports.lookup("SFO")
                airports.lookup(keys: [["SFO"], ["XXX"]])
            }
            #expect(route?.flights == 9)
            #expect(airport == Airport(faa: "SFO", name: "San Francisco Intl"))
            #expect(several.map { $0?.name } == ["San Francisco Intl", nil])
            #expect(server.count(.get) - before == 1)
            let alone = try await client.batch { airports.lookup("XXX") }
            #expect(alone == nil)
        }
    }

    @Test("a key that does not fit its table is refused before it is sent, with the columns' names")
    func wrongKeys() async throws {
        try await served { server, client in
            let routes = try await client.table("delay_by_route", as: Route.self)
            let short = await #expect(throws: ClientError.self) { try await routes.get("EWR", "SFO") }
            #expect(short?.message == "a key of table delay_by_route has 3 values (origin, dest, window_start), not 2")
            let type = await #expect(throws: ClientError.self) { try await routes.get("EWR", "SFO", 20_130_704) }
            #expect(type?.message == "key column window_start of table delay_by_route is TIMESTAMP, not INT64")
            #expect(server.count(.get) == 0)
        }
    }

    @Test("a type that the row does not fill is refused with the column's name")
    func wrongTypes() async throws {
        struct WithNote: Decodable { var note: String }
        struct WithGate: Decodable { var gate: String }
        struct Small: Decodable { var flights: Int8 }
        try await served { server, client in
            try server.put("A", "B", 0, 1000)
            let null = await #expect(throws: ClientError.self) {
                _ = try await client.table("delay_by_route", as: WithNote.self).get(
                    "A", "B", Timestamp(microseconds: 0))
            }
            #expect(null?.code == .decoding)
            #expect(null?.message.hasSuffix("column note is NULL; make it an Optional") == true)
            let missing = await #expect(throws: ClientError.self) {
                _ = try await client.table("delay_by_route", as: WithGate.self).get(
                    "A", "B", Timestamp(microseconds: 0))
            }
            #expect(missing?.message.hasSuffix("it has no column gate") == true)
            let large = await #expect(throws: ClientError.self) {
                _ = try await client.table("delay_by_route", as: Small.self).get("A", "B", Timestamp(microseconds: 0))
            }
            #expect(large?.message.hasSuffix("column flights is 1000, too large for Int8") == true)
        }
    }

    @Test("an unknown table is said to be unknown")
    func unknownTable() async throws {
        try await served { _, client in
            let error = await #expect(throws: ClientError.self) { _ = try await client.table("routs") }
            #expect(error?.code == .notFound)
            #expect(error?.message == "there is no table \"routs\"")
            #expect(error?.isRetriable == false)
        }
    }

    // MARK: Ranges

    @Test("a scan runs over its pages, by prefix, range, direction and limit")
    func scan() async throws {
        try await served { server, client in
            let routes = try await client.table("delay_by_route", as: Route.self)
            func flights(_ scan: TableScan<Route>) async throws -> [Int] {
                var flights: [Int] = []
                for try await route in scan { flights.append(route.flights) }
                return flights
            }
            #expect(try await flights(routes.scan()) == [1, 2, 3, 4, 40, 5, 9])
            #expect(try await flights(routes.scan("EWR")) == [1, 2, 3, 4, 40, 5])
            #expect(try await flights(routes.scan("EWR", reverse: true)) == [5, 40, 4, 3, 2, 1])
            #expect(try await flights(routes.scan("EWR", from: ["BOS"], to: ["SFO"])) == [2, 3])
            #expect(
                try await flights(routes.scan("EWR", "SFO", to: [Date(timeIntervalSince1970: 1_372_900_000)])) == [4])
            #expect(try await flights(routes.scan(limit: 4)) == [1, 2, 3, 4])
            #expect(try await flights(routes.scan("nowhere")) == [])
            #expect(try await flights(routes.scan(limit: 0)) == [])
            let error = await #expect(throws: ClientError.self) {
                try await flights(routes.scan("EWR", "SFO", day, "x"))
            }
            #expect(error?.code == .invalidArgument)
            #expect(server.count(.scan) > 8)
        }
    }

    @Test("a fold has every key column but the panes' start")
    func fold() async throws {
        try await served { _, client in
            let totals = try await client.table("delay_by_route", as: Total.self)
            #expect(try await totals.fold("EWR", "SFO") == Total(dest: "SFO", flights: 2))
            #expect(try await totals.fold("LGA", "SFO") == nil)
            let row = try await client.table("delay_by_route").fold("EWR", "SFO")
            #expect(row?.columnNames.contains("window_start") == false)
            #expect(try row?["flights", as: Int.self] == 2)
        }
    }

    // MARK: Changes

    @Test("a new schema revision makes the descriptor be fetched once more, whoever meets it")
    func newRevision() async throws {
        try await served { server, client in
            let routes = try await client.table("delay_by_route", as: Route.self)
            #expect(try await routes.get("JFK", "SFO", day) != nil)
            server.state.withLock { $0.revision = 2 }
            try await withThrowingTaskGroup(of: Int?.self) { group in
                for _ in 0..<50 { group.addTask { try await routes.get("JFK", "SFO", day)?.flights } }
                for try await flights in group { #expect(flights == 9) }
            }
            #expect(server.count(.describeTable) == 2)
            server.state.withLock { $0.revision = 3 }
            var count = 0
            for try await _ in routes.scan() { count += 1 }
            #expect(count == 7)
            #expect(server.count(.describeTable) == 3)
        }
    }

    // MARK: Categories

    @Test("records are appended, and read back in their order with all that they have")
    func category() async throws {
        try await served { _, client in
            let flights = client.category("flights")
            let ends = try await flights.append((0..<5).map { Record(value: "record \($0)") })
            #expect(ends == [CategoryPosition(category: "flights", bucket: 0, offset: 5)])
            var values: [String] = []
            for try await record in flights.records(bucket: 0) {
                #expect(record.offset == Int64(values.count))
                #expect(record.headers == [RecordHeader(name: "h", value: [9])])
                values.append(String(decoding: record.value, as: UTF8.self))
            }
            #expect(values == (0..<5).map { "record \($0)" })
            values = []
            for try await record in flights.records(bucket: 0, from: .offset(3)) {
                values.append(String(decoding: record.value, as: UTF8.self))
            }
            #expect(values == ["record 3", "record 4"])
            let error = await #expect(throws: ClientError.self) {
                for try await _ in flights.records(bucket: 4) {}
            }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test("a follower gets what is appended later")
    func follow() async throws {
        try await served { _, client in
            let flights = client.category("flights")
            try await flights.append(Record(value: "before"))
            let offsets = try await flights.offsets(of: .latest)
            let follower = Task {
                var values: [String] = []
                for try await record in flights.records(bucket: 0, from: .offset(offsets[0]), following: true) {
                    values.append(String(decoding: record.value, as: UTF8.self))
                    if values.count == 2 { break }
                }
                return values
            }
            try await flights.append(Record(value: "first"))
            try await flights.append(Record(value: "second"))
            #expect(try await follower.value == ["first", "second"])
        }
    }

    // MARK: Bad luck

    @Test("what was refused as too much is asked again, appends too, for nothing was done")
    func overload() async throws {
        try await served { server, client in
            let routes = try await client.table("delay_by_route", as: Route.self)
            server.state.withLock { $0.overloads = 3 }
            #expect(try await routes.get("JFK", "SFO", day)?.flights == 9)
            server.state.withLock { $0.overloads = 2 }
            try await client.category("flights").append(Record(value: "x"))
            #expect(server.state.withLock { $0.log.count } == 1)
        }
    }

    @Test("a lookup whose connection is cut is repeated on another")
    func cutLookup() async throws {
        try await served { server, client in
            let routes = try await client.table("delay_by_route", as: Route.self)
            server.state.withLock { $0.cuts = 2 }
            #expect(try await routes.get("JFK", "SFO", day)?.flights == 9)
        }
    }

    @Test("a server that restarts is found again while a call's time lasts")
    func restart() async throws {
        let server = try await FakeServer.start()
        try server.put("JFK", "SFO", day.microseconds, 9)
        let port = server.port
        let client = try await server.client()
        let routes = try await client.table("delay_by_route", as: Route.self)
        await server.stop()
        let lookup = Task { try await routes.get("JFK", "SFO", day)?.flights }
        try await Task.sleep(for: .milliseconds(200))
        try await server.listen(port: port)
        #expect(try await lookup.value == 9)
        await server.stop()
        let error = await #expect(throws: ClientError.self) {
            try await routes.get("JFK", "SFO", day, options: ReadOptions(timeout: .milliseconds(200)))
        }
        #expect(error?.isRetriable == true)
        client.close()
        let closed = await #expect(throws: ClientError.self) { try await routes.get("JFK", "SFO", day) }
        #expect(closed?.message == "the client was closed")
    }

    @Test("a server that is not there is one clear line, at once")
    func noServer() async throws {
        let server = try await FakeServer.start()
        await server.stop()
        let start = ContinuousClock.now
        let error = await #expect(throws: ClientError.self) { _ = try await server.client() }
        #expect(error?.code == .connectionFailed)
        #expect(error?.message == "cannot connect to 127.0.0.1:\(server.port): Connection refused")
        #expect(ContinuousClock.now - start < .seconds(2))
    }

    @Test("a cancelled task stops waiting")
    func cancellation() async throws {
        try await served { _, client in
            let task = Task {
                for try await _ in client.category("flights").records(bucket: 0, following: true) {}
            }
            try await Task.sleep(for: .milliseconds(50))
            task.cancel()
            let error = await #expect(throws: ClientError.self) { try await task.value }
            #expect(error?.code == .cancelled)
        }
    }

    @Test("thousands of tasks share a client")
    func manyTasks() async throws {
        try await served { _, client in
            let routes = try await client.table("delay_by_route", as: Route.self)
            try await withThrowingTaskGroup(of: Int?.self) { group in
                for _ in 0..<3000 { group.addTask { try await routes.get("JFK", "SFO", day)?.flights } }
                for try await flights in group { #expect(flights == 9) }
            }
        }
    }
}
