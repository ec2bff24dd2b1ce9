import MaserClient

// The code of the README.

func readme(day: Timestamp, record: Record) async throws {
    let client = try await Client.connect(
        ClientConfiguration(
            endpoint: Endpoint("127.0.0.1:7420"),
            security: .tls(ca: "certs/ca.pem", certificate: "certs/client.pem", key: "certs/client.key")))
    let routes = try await client.table("delay_by_route", as: Route.self)  // Decodable; properties are named as columns
    let route = try await routes.get("EWR", "SFO", day)  // Route?

    let positions = try await client.category("flights").append(record)
    let mine = try await routes.get("EWR", "SFO", day, options: ReadOptions(waitingFor: positions))  // sees the record
    let live = try await routes.get("EWR", "SFO", day, options: ReadOptions(maxStaleness: .seconds(2)))  // or throws
    _ = (route, mine, live)
}
