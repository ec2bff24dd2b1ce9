internal import Catalog
internal import Categories
internal import Processors
internal import RPC
internal import SQL
internal import Synchronization
internal import Tables

/// What changes apps and the versions of tables: deploys, deletions, stops and starts, backfills, adoptions of loads and rollbacks,
/// one at a time.
///
/// Each makes what it needs first (families), ends at a checkpoint what the change touches, then writes the catalog once,
/// then lets run what is to run. A crash before the write leaves the former generation to go on and things that no entry
/// names, which the next start removes; a crash after it has happened. Positions live with the tables' versions, so that
/// whoever goes on does so where the last checkpoint was.
struct ControlPlane: Sendable {
    let engine: Engine

    init(_ engine: Engine) {
        self.engine = engine
    }

    func deploy(_ request: WireDeployRequest, by access: Access = .unlimited) throws -> WireDeployResponse {
        try access.checkMayDeploySomething()
        return try engine.turn.withLock { _ in
            let script = try SQL.parse(request.sql, file: request.file)
            let catalog = try engine.catalog.settled()
            var deployment = try SQL.plan(script, against: catalog, now: Clock.now)
            try access.check(deployment, over: catalog)
            if request.dryRun {
                try checkNothingIsBuilt(deployment, engine.catalog.snapshot)
            } else {
                if !deployment.isEmpty { deployment = try apply(script, like: deployment) }
                // With those of a deploy before it whose fate was not known then.
                engine.apps.reconcile()
            }
            var response = WireDeployResponse()
            response.app = script.applicationName ?? ""
            response.changes = deployment.changes
            return response
        }
    }

    private func apply(_ script: Script, like draft: Deployment) throws -> Deployment {
        let snapshot = engine.catalog.snapshot
        try checkNothingIsBuilt(draft, snapshot)
        var preview = snapshot
        try draft.apply(to: &preview)
        try checkNothingIsMissed(draft, preview)
        engine.apps.endWhatDiffers(in: preview)
        do {
            // Planned again, for what is new in a table that is there counts from now on: no record is applied until the
            // next generation runs.
            var deployment = try SQL.plan(script, against: snapshot, now: Clock.now)
            deployment.app = try deployment.app.map(withStartOffsets)
            try makeFamilies(of: deployment.tables)
            try write(dropping: deployment.tables) { try deployment.apply(to: &$0) }
            for category in deployment.categories { engine.categories.createCategory(category) }
            return deployment
        } catch {
            goOn(despite: error)
            throw error
        }
    }

    /// A version that is being built has read a part of its history by the statement as it stands.
    private func checkNothingIsBuilt(_ deployment: Deployment, _ catalog: CatalogSnapshot) throws {
        for table in deployment.tables {
            guard let building = catalog.table(id: table.id)?.buildingVersion else { continue }
            throw RPCError(
                .refused,
                "version \(building.number) of table \(table.name) is being built; it can change when `maser versions "
                    + "\(table.name)` says that it serves")
        }
    }

    /// Retention waits for nothing that belongs to no app: what such a table or output has yet to apply may be gone.
    private func checkNothingIsMissed(_ deployment: Deployment, _ catalog: CatalogSnapshot) throws {
        let progress = engine.apps.progress
        func check(_ name: String, _ found: (category: CategoryEntry, places: [StoredProgress.Place])?) throws {
            guard let (category, places) = found else { return }
            for (bucket, place) in places.enumerated() {
                let start = engine.categories.start(category: category.id, bucket: bucket)
                if place.offset >= start { continue }
                throw RPCError(
                    .refused,
                    "\(name) was left at record \(place.offset) of bucket \(bucket) of category \(category.name), which is kept "
                        + "from record \(start) on; give its statement another name")
            }
        }
        for table in deployment.tables where deployment.tableChanges[table.id] == .adopted {
            for version in table.versions {
                try check("table \(table.name)", progress.places(of: version, of: table, in: catalog))
            }
        }
        guard let app = deployment.app else { return }
        for output in deployment.categories where deployment.categoryChanges[output.id] == .adopted {
            try check("category \(output.name)", progress.places(of: output, filledBy: app, in: catalog))
        }
    }

    /// Writes the catalog; where that surely did not happen, families that it would have named go.
    func write(dropping tables: [TableEntry] = [], _ body: (inout CatalogSnapshot) throws -> Void) throws {
        do {
            try engine.catalog.update { try body(&$0) }
        } catch {
            if !isUndecided(error) { dropFamilies(of: tables) }
            throw error
        }
    }

    /// Lets the former generation run again after a change that failed. Where nobody knows whether the catalog has the
    /// change, neither generation may go on until it is known.
    func goOn(despite error: any Error) {
        if isUndecided(error) { engine.unsettled.begin() } else { engine.apps.reconcile() }
    }

    /// Lets run what the catalog says as soon as it can be read after a change that was left undecided.
    func settle() {
        guard engine.unsettled.isDue(Clock.now) else { return }
        engine.turn.withLock { _ in
            guard let snapshot = try? engine.catalog.settled() else { return }
            engine.apps.reconcile()
            dropUnnamedVersions(in: snapshot)
            engine.unsettled.end()
        }
    }

    /// Whether the catalog may have taken the change after all: then what the change names has to stay until it is known.
    func isUndecided(_ error: any Error) -> Bool {
        (error as? CatalogError)?.code == .undecided
    }

    /// `START LATEST` means the end of the log at this moment, whatever is appended before the first record is read; an
    /// input table that is deployed keeps the moment that it has. Dead letters up to this moment are those of a former app
    /// of the name.
    private func withStartOffsets(_ app: AppEntry) throws -> AppEntry {
        var app = app
        let catalog = engine.catalog.snapshot
        let former = catalog.app(id: app.id)
        if let former {
            app.deadLettersFrom = former.deadLettersFrom
        } else if let letters = catalog.category(named: DeadLetterCategory.name(ofApp: app.name)) {
            app.deadLettersFrom = engine.categories.end(category: letters.id, bucket: DeadLetterCategory.bucket)
        }
        for index in app.inputTables.indices where app.inputTables[index].start == .latest {
            let id = app.inputTables[index].categoryID
            let name = app.inputTables[index].name.lowercased()
            if let known = former?.inputTables.first(where: { $0.name.lowercased() == name && $0.categoryID == id }),
                let offsets = known.startOffsets
            {
                app.inputTables[index].startOffsets = offsets
                continue
            }
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
            // A table that is taken over from a deleted app has its family, and so has one that changes.
            for table in tables where table.servingVersion != 0 && engine.catalog.snapshot.table(id: table.id) == nil {
                try engine.tables.createVersion(table: table.id, version: table.servingVersion)
            }
        } catch {
            dropFamilies(of: tables)
            throw error
        }
    }

    /// Of tables that the catalog does not name.
    func dropFamilies(of tables: [TableEntry]) {
        // What cannot be dropped now is dropped at the next start, for no entry names it.
        for table in tables where engine.catalog.snapshot.table(id: table.id) == nil {
            for version in table.versions { try? engine.tables.dropVersion(table: table.id, version: version.number) }
        }
    }
}

extension Deployment {
    /// A table that is there keeps the versions that it has by now: a load may have been adopted since the plan was made.
    func apply(to catalog: inout CatalogSnapshot) throws {
        for category in categories { try catalog.put(category) }
        for table in tables {
            var table = table
            if let current = catalog.table(id: table.id) {
                table.versions = current.versions
                table.servingVersion = current.servingVersion
                table.nextVersion = current.nextVersion
                table.adoptedLoads = current.adoptedLoads
            }
            try catalog.put(table)
        }
        if let app { try catalog.put(app) }
    }
}
