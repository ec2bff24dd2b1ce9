internal import Catalog
internal import Foundation
internal import Processors
internal import RPC
internal import Synchronization
internal import Tables

// Which version of a table serves, and which are kept. A standby follows the same records as the version that serves, and is
// written rarely; ending its runner writes it, so that a rollback serves what is current.

extension ControlPlane {
    func rollback(_ request: WireRollbackRequest) throws -> WireRollbackResponse {
        try engine.turn.withLock { _ in
            let snapshot = try engine.catalog.settled()
            guard let table = snapshot.table(named: request.table) else { throw RPCError.noTable(request.table) }
            let target = try version(request.version, of: table)
            var response = WireRollbackResponse()
            response.version = target.number
            response.former = table.servingVersion
            // As after an answer that was lost.
            if target.number == table.servingVersion { return response }
            do {
                try standStill(target, of: table, in: snapshot)
                try change(table) { table in
                    table.rollBack(to: target.number)
                    for index in table.versions.indices where table.versions[index].number == target.number {
                        // A person decides, whatever its checks found.
                        if table.versions[index].isHeld { table.versions[index].load?.isForced = true }
                    }
                }
            } catch {
                goOn(despite: error)
                throw error
            }
            engine.apps.reconcile()
            return response
        }
    }

    /// Ends what fills the table, which writes standbys as well, and refuses a version that has not applied all that the serving one
    /// has: from one answer to the next the table would go back in time. One that is about to, as after a start, is given a moment.
    /// Where no app is left that could apply it, it serves as it is.
    private func standStill(_ target: VersionEntry, of table: TableEntry, in snapshot: CatalogSnapshot) throws {
        guard let app = table.app.flatMap({ snapshot.app(named: $0) }) else { return }
        let deadline = Clock.now + Self.greatestSwitchMicroseconds
        while true {
            let status = engine.apps.status(of: app)
            engine.apps.end(RunnerID(app: app.id))
            guard app.input(of: table) != nil else { return }
            let behind = engine.apps.progress.distance(of: target, of: table, in: snapshot)
            if behind == 0 { return }
            guard status.state == .running, Clock.now < deadline else { throw isBehind(target, behind, table, status) }
            engine.apps.reconcile()
            usleep(Self.pauseMicroseconds)
        }
    }

    /// In which a runner that was begun anew gets on.
    private static let pauseMicroseconds: UInt32 = 200_000

    private func isBehind(
        _ version: VersionEntry, _ count: Int64, _ table: TableEntry, _ app: AppRunnerStatus
    ) -> RPCError {
        let records = count == .max ? "an unknown number of records" : "\(count) records"
        let advice =
            switch app.state {
            case .stopped: "app \(app.app) is stopped, and `maser start \(app.app)` lets it catch up"
            case .failed: "app \(app.app) has failed, which has to be mended first: \(app.message ?? "")"
            case .running, .retrying: "try again"
            }
        return RPCError(
            .refused,
            "version \(version.number) of table \(table.name) is \(records) behind version \(table.servingVersion), which "
                + "serves; \(advice)")
    }

    /// 0 stands for the one that served before.
    private func version(_ number: UInt32, of table: TableEntry) throws -> VersionEntry {
        if number == 0 {
            guard let former = table.formerVersion else {
                throw RPCError(
                    .refused,
                    "there is no version of table \(table.name) before \(table.servingVersion), which serves; `maser versions "
                        + "\(table.name)` lists those there are")
            }
            return former
        }
        guard let version = table.versions.first(where: { $0.number == number }) else {
            throw noVersion(number, of: table)
        }
        guard !version.isBuilding else {
            throw RPCError(
                .refused, "version \(number) of table \(table.name) is being built; it serves when it has caught up")
        }
        return version
    }

    private func noVersion(_ number: UInt32, of table: TableEntry) -> RPCError {
        RPCError(
            .notFound,
            "there is no version \(number) of table \(table.name); `maser versions \(table.name)` lists those there are"
        )
    }

    /// A version that is being built is given up.
    func drop(_ request: WireDropVersionRequest) throws -> WireDropVersionResponse {
        try engine.turn.withLock { _ in
            let snapshot = try engine.catalog.settled()
            guard let table = snapshot.table(named: request.table) else { throw RPCError.noTable(request.table) }
            guard let version = table.versions.first(where: { $0.number == request.version }) else {
                throw noVersion(request.version, of: table)
            }
            guard version.number != table.servingVersion else {
                throw RPCError(
                    .refused,
                    "version \(version.number) of table \(table.name) serves; `maser rollback \(table.name) VERSION` lets "
                        + "another one serve first")
            }
            var response = WireDropVersionResponse()
            response.freedBytes = Int64(
                (try? engine.tables.statistics(table: table.id, version: version.number))?.bytes ?? 0)
            if let app = table.app.flatMap({ snapshot.app(named: $0) }) {
                let building = RunnerID.Building(table: table.id, version: version.number)
                engine.apps.end(RunnerID(app: app.id, building: version.isBuilding ? building : nil))
            }
            do {
                try forget(version: version.number, of: table)
            } catch {
                goOn(despite: error)
                throw error
            }
            engine.apps.reconcile()
            return response
        }
    }
}
