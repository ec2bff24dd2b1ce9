internal import Catalog
internal import Logging
internal import Processors
internal import Synchronization

/// Looks at the versions that are being built, and lets each serve when it has caught up.
final class BackfillWatch: Sendable {
    /// How far a version may be behind the serving one when that is ended for the switch: it applies so many in a moment.
    private static let greatestLagRecords: Int64 = 50_000
    /// After a switch that came to nothing.
    private static let pauseMicroseconds: Int64 = 2_000_000

    private let logger: Logger
    private let pauses = Mutex<[RunnerID: Int64]>([:])

    init(logger: Logger) {
        self.logger = logger
    }

    func look(at engine: Engine) {
        let snapshot = engine.catalog.snapshot
        for app in snapshot.apps.values where !app.isStopped {
            for table in app.tableIDs.compactMap({ snapshot.table(id: $0) }) {
                guard let version = table.buildingVersion else { continue }
                let id = RunnerID(app: app.id, building: .init(table: table.id, version: version.number))
                guard pauses.withLock({ $0[id] ?? 0 }) < Clock.now,
                    engine.apps.progress.distance(of: version, of: table, in: snapshot) <= Self.greatestLagRecords,
                    engine.apps.status(of: id)?.state == .running
                else { continue }
                do {
                    if try ControlPlane(engine).finishBackfill(id) {
                        let serves = engine.catalog.snapshot.table(id: table.id)?.servingVersion == version.number
                        logger.info(
                            "version \(version.number) of \(table.name) \(serves ? "serves" : "is held back by its checks")"
                        )
                        continue
                    }
                } catch {
                    logger.error("letting version \(version.number) of \(table.name) serve: \(error)")
                }
                pauses.withLock { $0[id] = Clock.now + Self.pauseMicroseconds }
            }
        }
    }
}
