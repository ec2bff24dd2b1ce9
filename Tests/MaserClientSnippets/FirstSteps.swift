public import MaserClient

// The code of the tutorial FirstSteps.md. Lines that the page shows stand here as they are there.

struct Route: Decodable, Sendable {
    var origin: String
    var dest: String
    var flights: Int
    var meanDelay: Double?

    enum CodingKeys: String, CodingKey {
        case origin, dest, flights
        case meanDelay = "mean_delay"
    }
}

struct Airport: Decodable, Sendable {
    var faa: String
    var name: String
}

func connect() async throws -> Client {
    let client = try await Client.connect(
        ClientConfiguration(
            endpoint: Endpoint("127.0.0.1:7420"),
            security: .tls(ca: "certs/ca.pem", certificate: "certs/client.pem", key: "certs/client.key")))
    return client
}

/// What the tutorial has at its end, for a test to look at.
public struct FirstStepsOutcome: Sendable {
    public var flights: Int?
    public var airport: String?
    public var total: Int?
    public var scanned: Int
    public var columns: [String]
}

public func firstSteps(_ client: Client, day: Timestamp, nextDay: Timestamp) async throws -> FirstStepsOutcome {
    let routes = try await client.table("delay_by_route", as: Route.self)
    let route = try await routes.get("EWR", "SFO", day)

    let several = try await routes.get(keys: [["EWR", "SFO", day], ["JFK", "SFO", day]])

    let airports = try await client.table("airports", as: Airport.self)
    let (one, airport) = try await client.batch {
        routes.lookup("EWR", "SFO", day)
        airports.lookup("SFO")
    }

    var scanned = 0
    for try await route in routes.scan("EWR", "SFO", from: [day], to: [nextDay]) {
        scanned += route.flights
    }

    let total = try await routes.fold("EWR", "SFO", from: day)

    let untyped = try await client.table("delay_by_route").with(ReadOptions(columns: ["flights"]))
    let row = try await untyped.get("EWR", "SFO", day)
    let flights = try row?["flights", as: Int.self]

    precondition(several[0]?.flights == route?.flights && one?.flights == flights)
    return FirstStepsOutcome(
        flights: route?.flights, airport: airport?.name, total: total?.flights, scanned: scanned,
        columns: row?.columnNames ?? [])
}
