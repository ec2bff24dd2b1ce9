internal import Catalog
internal import Categories
internal import Foundation
internal import Processors
internal import RPC
internal import SQL
internal import Synchronization
internal import Tables

/// What changes apps: deploys and deletions, one at a time. An adoption of a load changes a table that no app fills, and
/// needs no turn.
///
/// Each makes what it needs first (families, files), then writes the catalog once, then lets it run. A crash before the write
/// leaves things that no entry names, and the next start removes them; a crash after it has happened.
final class ControlPlane: Sendable {
    private let engine: Engine
    private let turn = Mutex(())

    init(_ engine: Engine) {
        self.engine = engine
    }

    func deploy(_ request: WireDeployRequest) throws -> WireDeployResponse {
        try turn.withLock { _ in
            let script = try SQL.parse(request.sql, file: request.file)
            var deployment = try SQL.plan(script, against: engine.catalog.settled(), now: Clock.now)
            deployment.app = try deployment.app.map(withStartOffsets)
            try makeFamilies(of: deployment.tables)
            do {
                try engine.catalog.update { catalog in
                    for category in deployment.categories { try catalog.put(category) }
                    for table in deployment.tables { try catalog.put(table) }
                    if let app = deployment.app { try catalog.put(app) }
                }
            } catch {
                if !isUndecided(error) { dropFamilies(of: deployment.tables) }
                throw error
            }
            for category in deployment.categories { engine.categories.createCategory(category) }
            // With those of a deploy before it whose fate was not known then.
            engine.apps.startAll()
            var response = WireDeployResponse()
            response.app = script.applicationName ?? ""
            response.changes = deployment.changes
            return response
        }
    }

    /// Whether the catalog may have taken the change after all: then what the change names has to stay until it is known.
    private func isUndecided(_ error: any Error) -> Bool {
        (error as? CatalogError)?.code == .undecided
    }

    /// `START LATEST` means the end of the log at this moment, whatever is appended before the first record is read. Dead
    /// letters up to this moment are those of a former app of the name.
    private func withStartOffsets(_ app: AppEntry) throws -> AppEntry {
        var app = app
        let catalog = engine.catalog.snapshot
        if let letters = catalog.category(named: DeadLetterCategory.name(ofApp: app.name)) {
            app.deadLettersFrom = engine.categories.end(category: letters.id, bucket: DeadLetterCategory.bucket)
        }
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
            guard let app = try engine.catalog.settled().app(named: request.app) else {
                throw RPCError.noApp(request.app)
            }
            let tables = app.tableIDs.compactMap { engine.catalog.snapshot.table(id: $0) }
            engine.apps.stop(app.id)
            do {
                try engine.catalog.update { catalog in
                    catalog.removeApp(id: app.id)
                    for table in tables {
                        if request.dropTables {
                            catalog.removeTable(id: table.id)
                        } else {
                            try catalog.put(table.kept(from: app))
                        }
                    }
                }
            } catch {
                if !isUndecided(error) { engine.apps.startAll() }
                throw error
            }
            dropFamilies(of: tables)
            return WireEmpty()
        }
    }
}
