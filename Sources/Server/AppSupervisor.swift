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
    private let runners = Mutex<[RunnerID: Running]>([:])

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
        for (id, plan) in RunnerPlan.all(of: snapshot) { start(id, plan, snapshot) }
    }

    /// Ends, at a checkpoint, every runner that would be another under this catalog, or none at all.
    func endWhatDiffers(in snapshot: CatalogSnapshot) {
        let wanted = RunnerPlan.all(of: snapshot)
        for id in runners.withLock({ $0.filter { wanted[$0.key] != $0.value.plan }.map(\.key) }) { end(id) }
    }

    private func start(_ id: RunnerID, _ plan: RunnerPlan, _ snapshot: CatalogSnapshot) {
        let runner = runners.withLock { runners -> AppRunner? in
            guard runners[id] == nil else { return nil }
            let runner = AppRunner(
                app: plan.app, catalog: plan.view(of: snapshot), categories: categories, tables: tables,
                buildsHistory: id.building != nil)
            runners[id] = Running(runner: runner, plan: plan)
            return runner
        }
        guard let runner else { return }
        runner.start()
        if let building = id.building {
            let table = snapshot.table(id: building.table)?.name ?? ""
            logger.info("version \(building.version) of \(table) is being built")
        } else {
            logger.info("app \(plan.app.name) runs, generation \(plan.app.generation)")
        }
    }

    /// Ends a runner at a checkpoint. It runs again when the catalog is next followed. It can be asked for its status until
    /// it has ended.
    func end(_ id: RunnerID) {
        guard let running = runners.withLock({ $0[id] }) else { return }
        running.runner.stop()
        runners.withLock { runners in
            if runners[id]?.runner === running.runner { runners[id] = nil }
        }
    }

    /// Ends what fills an app's tables.
    func end(app: UInt32) {
        for id in runners.withLock({ $0.keys.filter { $0.app == app } }) { end(id) }
    }

    func endAll() {
        for id in runners.withLock({ [RunnerID]($0.keys) }) { end(id) }
    }

    // MARK: Status

    func status(of app: AppEntry) -> AppRunnerStatus {
        if let status = status(of: RunnerID(app: app.id)) { return status }
        var status = AppRunnerStatus(app: app.name, state: .stopped)
        status.buckets = progress.buckets(of: app, now: Clock.now)
        return status
    }

    /// nil where there is no such runner.
    func status(of id: RunnerID) -> AppRunnerStatus? {
        runners.withLock { $0[id] }?.runner.status
    }

    /// Of every app that is deployed, by name.
    var statuses: [AppRunnerStatus] {
        catalog.snapshot.apps.values.sorted { $0.name < $1.name }.map { status(of: $0) }
    }
}
