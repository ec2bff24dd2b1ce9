public import MaserClient

// The code of Freshness.md.

public func freshness(_ client: Client, day: Timestamp) async throws -> (seen: Bool, version: UInt32, rows: Int) {
    let routes = try await client.table("delay_by_route", as: Route.self)

    let answer = try await routes.getWithFreshness("EWR", "SFO", day)
    if let freshness = answer.freshness {
        print("\(answer.value?.flights ?? 0) flights, of everything that was appended before \(freshness)")
    }

    let live = routes.with(ReadOptions(maxStaleness: .seconds(2)))
    let route: Route?
    do {
        route = try await live.get("EWR", "SFO", day)
    } catch {
        guard error.code == .stale else { throw error }
        route = nil  // or what the product shows instead
    }

    let flights = client.category("flights")
    let positions = try await flights.append(Record(value: #"{"origin": "EWR", "dest": "SFO"}"#))
    let mine = try await routes.get("EWR", "SFO", day, options: ReadOptions(waitingFor: positions))

    let pinned = routes.with(ReadOptions(version: answer.version))
    let again = try await pinned.get("EWR", "SFO", day)

    var rows = 0
    for try await page in routes.scan("EWR").pages {
        rows += page.value.count
        print("\(rows) rows of version \(page.version)")
    }

    return (route != nil && mine != nil && again != nil, answer.version, rows)
}
