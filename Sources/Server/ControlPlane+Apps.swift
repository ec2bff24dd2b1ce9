internal import Catalog
internal import Processors
internal import RPC
internal import Synchronization

// An app that is there: stopped and started.

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
                do {
                    try write { catalog in
                        guard var app = catalog.app(id: app.id) else { throw RPCError.noApp(name) }
                        app.isStopped = isStopped
                        try catalog.put(app)
                    }
                } catch {
                    goOn(despite: error)
                    throw error
                }
            } else if !isStopped, engine.apps.status(of: app).state == .failed {
                engine.apps.end(app: app.id)
            }
            engine.apps.reconcile()
            return WireEmpty()
        }
    }
}
