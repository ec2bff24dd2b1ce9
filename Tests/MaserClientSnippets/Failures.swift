public import MaserClient

// The code of Failures.md.

func hedgingClient(_ endpoint: Endpoint) async throws -> Client {
    var configuration = ClientConfiguration(
        endpoint: endpoint,
        security: .tls(ca: "certs/ca.pem", certificate: "certs/client.pem", key: "certs/client.key"))
    configuration.timeout = .milliseconds(200)
    configuration.hedging = Hedging(delay: .percentile95, greatestShare: 0.05)
    return try await Client.connect(configuration)
}

public func failures(_ client: Client, day: Timestamp) async throws -> String {
    let routes = try await client.table("delay_by_route", as: Route.self)
    let route = try await routes.get("EWR", "SFO", day, options: ReadOptions(timeout: .milliseconds(50)))

    do {
        _ = try await client.table("delay_by_rout")
    } catch {
        print("\(error.code): \(error.message); \(error.advice)")
        if error.isRetriable { print("later it may work") }
        return error.message
    }
    return route?.dest ?? ""
}
