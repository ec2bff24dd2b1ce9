internal import Catalog
internal import Records
internal import Synchronization

/// Tells which tables are older than they may be while the server is ready.
///
/// All tables count that there were when the server started: it is not ready before they have caught up. One that is deployed later has
/// a history to catch up with, which is no reason to send nobody to the others: it counts from when it has for the first time. What
/// a person has stopped, and what only loads fill, has no limit.
final class LagWatch: Sendable {
    /// Microseconds; nil: any age.
    private let limit: Int64?
    /// Ids of tables.
    private let counted: Mutex<Set<UInt32>>

    init(limit: Int64?, tables: some Sequence<UInt32>) {
        self.limit = limit
        counted = Mutex(Set(tables))
    }

    /// To be called now and then, so that a table that caught up in between is known to have.
    func look(at engine: Engine) {
        let snapshot = engine.catalog.snapshot
        let newcomers = counted.withLock { counted in
            counted.formIntersection(snapshot.tables.keys)
            return snapshot.tables.values.filter { !counted.contains($0.id) }
        }
        let caughtUp = newcomers.filter { table in
            guard let lag = lag(of: table, engine, snapshot) else { return false }
            return lag.microseconds <= lag.limit
        }
        if !caughtUp.isEmpty { counted.withLock { $0.formUnion(caughtUp.map(\.id)) } }
    }

    /// A line for each table that is too old.
    func obstacles(_ engine: Engine) -> [String] {
        look(at: engine)
        let snapshot = engine.catalog.snapshot
        let counted = counted.withLock { $0 }
        return snapshot.tables.values.filter { counted.contains($0.id) }.sorted { $0.name < $1.name }.compactMap {
            table in
            guard let lag = lag(of: table, engine, snapshot), lag.microseconds > lag.limit else { return nil }
            let age =
                lag.hasBegun
                ? "is \(TimeLength.text(lag.microseconds)) behind" : "has applied nothing of its category yet"
            return "table \(table.name) \(age); its limit is \(TimeLength.text(lag.limit))"
        }
    }

    /// nil where there is no limit.
    private func lag(
        of table: TableEntry, _ engine: Engine, _ snapshot: CatalogSnapshot
    ) -> (microseconds: Int64, limit: Int64, hasBegun: Bool)? {
        guard let limit = table.maxLagMicroseconds ?? limit, limit < .max,
            let app = table.app.flatMap({ snapshot.app(named: $0) }), !app.isStopped,
            let freshness = engine.freshness(of: table)
        else { return nil }
        return (max(0, Clock.now - freshness), limit, freshness > 0)
    }
}
