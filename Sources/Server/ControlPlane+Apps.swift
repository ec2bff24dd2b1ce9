internal import Catalog
internal import Processors
internal import RPC
internal import Synchronization
internal import Tables

// An app that is there: stopped, started, deleted.

extension ControlPlane {
    /// The app ends at a checkpoint and stays so, over restarts too. What it has yet to apply is kept for it.
    func stop(_ request: WireStopAppRequest) throws -> WireEmpty {
        try setStopped(true, request.app)
    }

    /// The app goes on where it was. One that failed is tried again.
    func start(_ request: WireStartAppRequest) throws -> WireEmpty {
        try setStopped(false, request.app)
    }

    private func setStopped(_ isStopped: Bool, _ name: String) throws -> WireEmpty {
        try engine.turn.withLock { _ in
            guard let app = try engine.catalog.settled().app(named: name) else { throw RPCError.noApp(name) }
            if app.isStopped != isStopped {
                try write { catalog in
                    guard var app = catalog.app(id: app.id) else { throw RPCError.noApp(name) }
                    app.isStopped = isStopped
                    try catalog.put(app)
                }
            } else if !isStopped, engine.apps.status(of: app).state == .failed {
                engine.apps.end(app.id)
            }
            engine.apps.reconcile()
            return WireEmpty()
        }
    }

    func delete(_ request: WireDeleteAppRequest) throws -> WireEmpty {
        try engine.turn.withLock { _ in
            guard let app = try engine.catalog.settled().app(named: request.app) else {
                throw RPCError.noApp(request.app)
            }
            let tables = app.tableIDs.compactMap { engine.catalog.snapshot.table(id: $0) }
            engine.apps.end(app.id)
            do {
                try write { catalog in
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
                goOn(despite: error)
                throw error
            }
            dropFamilies(of: tables)
            engine.apps.reconcile()
            return WireEmpty()
        }
    }
}
