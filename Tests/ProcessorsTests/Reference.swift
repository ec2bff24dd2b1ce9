import Records

/// What the tables of `EventsApp` have to hold, from plain dictionaries.
struct Reference {
    typealias Rows = [[Value]: [Value]]

    private(set) var byMinute: Rows = [:]
    private(set) var byShop: Rows = [:]
    private(set) var latest: Rows = [:]

    /// `events` with the buckets and offsets that the log gave them.
    init(_ events: [(event: Event, bucket: Int, offset: Int64)]) {
        var panes: [[Value]: [Event]] = [:]
        var shops: [[Value]: [Event]] = [:]
        var newest: [String: (event: Event, bucket: Int, offset: Int64)] = [:]
        for entry in events {
            let event = entry.event
            if event.x != 13 {
                let start = Int64((Double(event.time) / 60_000_000).rounded(.down)) * 60_000_000
                panes[[.string(event.user), .timestamp(start)], default: []].append(event)
            }
            shops[[Value(event.shop), event.y.map { .bool($0 > 0) } ?? .null], default: []].append(event)
            if let other = newest[event.user],
                (other.event.time, other.bucket, other.offset) > (event.time, entry.bucket, entry.offset)
            {
                continue
            }
            newest[event.user] = entry
        }
        byMinute = panes.mapValues(Self.pane)
        byShop = shops.mapValues { [.int64(Int64($0.count)), Value(Self.sum($0))] }
        for (user, entry) in newest where entry.event.gone != true {
            latest[[.string(user)]] = [Value(entry.event.x), Value(entry.event.y), Value(entry.event.shop)]
        }
    }

    private static func pane(_ events: [Event]) -> [Value] {
        let xs = events.compactMap(\.x)
        let ys = events.compactMap(\.y)
        let last = events.filter { $0.x != nil }.max { ($0.time, $0.x ?? 0) < ($1.time, $1.x ?? 0) }
        let cheapest = events.filter { $0.shop != nil && $0.y != nil }
            .min { ($0.y ?? 0, $0.shop ?? 0) < ($1.y ?? 0, $1.shop ?? 0) }
        return [
            .int64(Int64(events.count)), .int64(Int64(xs.count)), Value(xs.isEmpty ? nil : xs.reduce(0, +)),
            Value(xs.min()), Value(xs.max()), Value(sum(events).map { $0 / Double(ys.count) }), Value(last?.x),
            Value(cheapest?.shop), .int64(Int64(xs.count { $0 > 50 })),
        ]
    }

    private static func sum(_ events: [Event]) -> Double? {
        let ys = events.compactMap(\.y)
        return ys.isEmpty ? nil : ys.reduce(0, +)
    }
}

extension Value {
    fileprivate init(_ value: Int64?) {
        self = value.map { .int64($0) } ?? .null
    }

    fileprivate init(_ value: Double?) {
        self = value.map { .double($0) } ?? .null
    }
}
