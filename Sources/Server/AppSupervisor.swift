internal import Catalog
internal import Categories
internal import Logging
internal import Processors
internal import Synchronization
internal import Tables

/// The runners of the deployed apps.
final class AppSupervisor: Sendable {
    private let catalog: CatalogStore
    private let categories: CategoryStore
    private let tables: TableStore
    private let logger: Logger
    private let runners = Mutex<[UInt32: AppRunner]>([:])

    init(catalog: CatalogStore, categories: CategoryStore, tables: TableStore, logger: Logger) {
        self.catalog = catalog
        self.categories = categories
        self.tables = tables
        self.logger = logger
    }

    /// Starts the apps of the catalog that have no runner. One that cannot run keeps no other from running; its status
    /// says why.
    func startAll() {
        let snapshot = catalog.snapshot
        for app in snapshot.apps.values { start(app, snapshot) }
    }

    private func start(_ app: AppEntry, _ snapshot: CatalogSnapshot) {
        let runner = runners.withLock { runners -> AppRunner? in
            guard runners[app.id] == nil else { return nil }
            let runner = AppRunner(app: app, catalog: snapshot, categories: categories, tables: tables)
            runners[app.id] = runner
            return runner
        }
        guard let runner else { return }
        runner.start()
        logger.info("app \(app.name) runs")
    }

    /// Ends the app at a checkpoint.
    func stop(_ id: UInt32) {
        let runner = runners.withLock { $0.removeValue(forKey: id) }
        runner?.stop()
    }

    func stopAll() {
        for id in runners.withLock({ [UInt32]($0.keys) }) { stop(id) }
    }

    func status(of id: UInt32) -> AppRunnerStatus? {
        runners.withLock { $0[id] }?.status
    }

    var statuses: [AppRunnerStatus] {
        runners.withLock { [AppRunner]($0.values) }.map(\.status).sorted { $0.app < $1.app }
    }
}
