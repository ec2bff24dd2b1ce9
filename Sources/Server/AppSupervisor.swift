internal import Catalog
internal import Categories
internal import Logging
internal import Processors
internal import Synchronization
internal import Tables

/// The runners of the deployed apps. What runs follows from the catalog: whoever changes it ends what the change touches,
/// writes, and then lets run what is to run, whether the write happened or not.
final class AppSupervisor: Sendable {
    private struct Running {
        let runner: AppRunner
        let plan: RunnerPlan
    }

    let progress: StoredProgress
    private let catalog: CatalogStore
    private let categories: CategoryStore
    private let tables: TableStore
    private let logger: Logger
    private let runners = Mutex<[UInt32: Running]>([:])

    init(catalog: CatalogStore, categories: CategoryStore, tables: TableStore, logger: Logger) {
        self.catalog = catalog
        self.categories = categories
        self.tables = tables
        self.logger = logger
        progress = StoredProgress(catalog: catalog, categories: categories, tables: tables)
    }

    /// Makes what runs agree with the catalog: ends what has changed at a checkpoint, and starts what has no runner. An app
    /// that cannot run keeps no other from running; its status says why.
    func reconcile() {
        let snapshot = catalog.snapshot
        endWhatDiffers(in: snapshot)
        for (id, plan) in RunnerPlan.all(of: snapshot) {
            if let app = snapshot.app(id: id) { start(app, plan, snapshot) }
        }
    }

    /// Ends, at a checkpoint, every app that would run otherwise under this catalog, or not at all.
    func endWhatDiffers(in snapshot: CatalogSnapshot) {
        let wanted = RunnerPlan.all(of: snapshot)
        let ending = runners.withLock { runners in
            runners.filter { wanted[$0.key] != $0.value.plan }.map { ($0.key, $0.value.runner) }
        }
        for (id, runner) in ending {
            // It can be asked for its status until it has ended.
            runner.stop()
            runners.withLock { runners in
                if runners[id]?.runner === runner { runners[id] = nil }
            }
        }
    }

    private func start(_ app: AppEntry, _ plan: RunnerPlan, _ snapshot: CatalogSnapshot) {
        let runner = runners.withLock { runners -> AppRunner? in
            guard runners[app.id] == nil else { return nil }
            let runner = AppRunner(app: app, catalog: snapshot, categories: categories, tables: tables)
            runners[app.id] = Running(runner: runner, plan: plan)
            return runner
        }
        guard let runner else { return }
        runner.start()
        logger.info("app \(app.name) runs, generation \(app.generation)")
    }

    /// Ends the app at a checkpoint. It runs again when the catalog is next followed.
    func end(_ id: UInt32) {
        let running = runners.withLock { $0[id] }
        running?.runner.stop()
        runners.withLock { runners in
            if let running, runners[id]?.runner === running.runner { runners[id] = nil }
        }
    }

    func endAll() {
        for id in runners.withLock({ [UInt32]($0.keys) }) { end(id) }
    }

    func status(of app: AppEntry) -> AppRunnerStatus {
        if let running = runners.withLock({ $0[app.id] }) { return running.runner.status }
        var status = AppRunnerStatus(app: app.name, state: .stopped)
        status.buckets = progress.buckets(of: app, now: Clock.now)
        return status
    }

    /// Of every app that is deployed, by name.
    var statuses: [AppRunnerStatus] {
        catalog.snapshot.apps.values.sorted { $0.name < $1.name }.map { status(of: $0) }
    }
}
