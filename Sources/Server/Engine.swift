internal import BulkLoad
internal import Catalog
internal import Categories
internal import Foundation
package import Logging
internal import Synchronization
internal import Tables

/// The stores of one data folder and the apps that run over them: everything of a server but its doors.
///
/// What the catalog names is what exists. Opening makes the stores agree with it: families that no entry names are the
/// remains of a deploy or a load that did not happen, and go; those of a deploy that did happen are made if missing.
package final class Engine: Sendable {
    let folder: DataFolder
    let catalog: CatalogStore
    let tables: TableStore
    let categories: CategoryStore
    let gauge: FreshnessGauge
    let lagWatch: LagWatch
    let apps: AppSupervisor
    let loads: LoadIntake
    /// Held by whoever changes apps, from what he reads of the catalog to what he starts after writing it.
    let turn = Mutex(())
    let startedAt: Int64
    let memoryBytes: Int
    /// Of a table that an app fills, the serving one counted.
    let versionsKept: Int
    let activity = ActivityMeter()
    let hotKeys = HotKeys()
    let unsettled = UnsettledChange()
    private let keeper = Housekeeper()
    private let retained = RetainedPositions()
    private let logger: Logger

    package static func open(_ configuration: ServerConfiguration, logger: Logger) throws(ServerError) -> Engine {
        let folder = try DataFolder(path: configuration.dataDirectory)
        do {
            return try Engine(folder, configuration, logger)
        } catch {
            throw ServerError(.storage, "cannot open the data folder \(folder.path): \(error)", cause: error)
        }
    }

    private init(_ folder: DataFolder, _ configuration: ServerConfiguration, _ logger: Logger) throws {
        self.folder = folder
        startedAt = Clock.now
        memoryBytes = configuration.memoryBytes
        versionsKept = configuration.versionsKept
        self.logger = logger
        catalog = try CatalogStore(directory: folder.catalog, shardCount: configuration.shardCount)
        let budget = MemoryBudget(totalBytes: configuration.memoryBytes)
        tables = try TableStore(
            directory: folder.tables, catalog: catalog, memoryBytes: budget.tables,
            hotRowBytes: configuration.hotRowBytes)
        categories = try CategoryStore(
            directory: folder.log, catalog: catalog, memoryBytes: budget.log,
            neededPositions: { [retained] in retained.needed(inCategory: $0) })
        loads = try LoadIntake(directory: folder.loads, catalog: catalog.snapshot, now: startedAt)
        try folder.sync()
        gauge = FreshnessGauge(catalog: catalog, categories: categories, tables: tables)
        lagWatch = LagWatch(
            limit: configuration.maxLagMicroseconds, tables: catalog.snapshot.tables.keys)
        apps = AppSupervisor(catalog: catalog, categories: categories, tables: tables, logger: logger)
        retained.begin(apps.progress)
        apps.reconcile()
        let backfills = BackfillWatch(logger: logger)
        keeper.start { [weak self, activity] in
            guard let self else { return }
            ControlPlane(self).settle()
            backfills.look(at: self)
            lagWatch.look(at: self)
            activity.look(at: apps.statuses, now: Clock.now)
            hotKeys.look(now: Clock.now, spanMicroseconds: Engine.hotKeySpanMicroseconds)
        }
    }

    /// Ends the apps at a checkpoint, then closes the stores.
    package func close() {
        keeper.close()
        apps.endAll()
        categories.close()
        retained.end()
        do {
            try tables.close()
        } catch {
            // Nothing is lost: what no sync covers is read from the log again.
            logger.error("closing the tables: \(error)")
        }
        catalog.close()
    }
}

/// One setting, split: most of it serves lookups; the log needs buffers only, for it is read where it was just written.
struct MemoryBudget {
    private static let logShare = 0.2

    let tables: Int
    let log: Int

    init(totalBytes: Int) {
        log = Int(Double(totalBytes) * Self.logShare)
        tables = totalBytes - log
    }
}

enum Clock {
    /// Microseconds since 1970.
    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
