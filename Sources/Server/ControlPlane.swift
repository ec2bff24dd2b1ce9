internal import Catalog
internal import Categories
internal import Foundation
internal import RPC
internal import SQL
internal import Synchronization
internal import Tables

/// What changes the catalog: deploys, deletions and adoptions of loads, one at a time.
///
/// Each makes what it needs first (families, files), then writes the catalog once, then lets it run. A crash before the write
/// leaves things that no entry names, and the next start removes them; a crash after it has happened.
final class ControlPlane: Sendable {
    let engine: Engine
    let turn = Mutex(())

    init(_ engine: Engine) {
        self.engine = engine
    }

    func deploy(_ request: WireDeployRequest) throws -> WireDeployResponse {
        try turn.withLock { _ in
            let script = try SQL.parse(request.sql, file: request.file)
            var deployment = try SQL.plan(script, against: engine.catalog.snapshot, now: Clock.now)
            deployment.app = try deployment.app.map(withStartOffsets)
            try makeFamilies(of: deployment.tables)
            do {
                try engine.catalog.update { catalog in
                    for category in deployment.categories { try catalog.put(category) }
                    for table in deployment.tables { try catalog.put(table) }
                    if let app = deployment.app { try catalog.put(app) }
                }
            } catch {
                dropFamilies(of: deployment.tables)
                throw error
            }
            if let app = deployment.app { engine.apps.start(app) }
            var response = WireDeployResponse()
            response.app = script.applicationName ?? ""
            response.changes = deployment.changes
            return response
        }
    }

    /// `START LATEST` means the end of the log at this moment, whatever is appended before the first record is read.
    private func withStartOffsets(_ app: AppEntry) throws -> AppEntry {
        var app = app
        let catalog = engine.catalog.snapshot
        for index in app.inputTables.indices where app.inputTables[index].start == .latest {
            let id = app.inputTables[index].categoryID
            // A category that this deploy makes has no records yet.
            guard let category = catalog.category(id: id) else { continue }
            app.inputTables[index].startOffsets = (0..<category.bucketCount).map {
                engine.categories.end(category: id, bucket: $0)
            }
        }
        return app
    }

    private func makeFamilies(of tables: [TableEntry]) throws {
        do {
            // A table that is taken over from a deleted app has its family.
            for table in tables where table.servingVersion != 0 && engine.catalog.snapshot.table(id: table.id) == nil {
                try engine.tables.createVersion(table: table.id, version: table.servingVersion)
            }
        } catch {
            dropFamilies(of: tables)
            throw error
        }
    }

    private func dropFamilies(of tables: [TableEntry]) {
        // What cannot be dropped now is dropped at the next start, for no entry names it.
        for table in tables where engine.catalog.snapshot.table(id: table.id) == nil {
            for version in table.versions { try? engine.tables.dropVersion(table: table.id, version: version.number) }
        }
    }

    func delete(_ request: WireDeleteAppRequest) throws -> WireEmpty {
        try turn.withLock { _ in
            guard let app = engine.catalog.snapshot.app(named: request.app) else { throw RPCError.noApp(request.app) }
            let tables = app.tableIDs.compactMap { engine.catalog.snapshot.table(id: $0) }
            engine.apps.stop(app.id)
            do {
                try engine.catalog.update { catalog in
                    catalog.removeApp(id: app.id)
                    for var table in tables {
                        if request.dropTables {
                            catalog.removeTable(id: table.id)
                        } else {
                            table.app = nil
                            try catalog.put(table)
                        }
                    }
                }
            } catch {
                engine.apps.start(app)
                throw error
            }
            dropFamilies(of: tables)
            return WireEmpty()
        }
    }
}
