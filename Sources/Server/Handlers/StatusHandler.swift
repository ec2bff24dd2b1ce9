internal import Catalog
internal import Categories
internal import Foundation
internal import Processors
internal import RPC
internal import Tables

/// What the server is doing, at one moment.
struct StatusHandler: Sendable {
    private let engine: Engine

    init(_ engine: Engine) {
        self.engine = engine
    }

    func status(_ request: WireStatusRequest, for access: Access) throws -> WireStatusResponse {
        let catalog = engine.catalog.snapshot
        if request.reveal { try access.checkReveals(catalog) }
        let statuses = engine.apps.statuses
        let rates = engine.activity.rates(of: statuses, now: Clock.now)
        var response = WireStatusResponse()
        response.version = MaserServer.version
        response.startedAt = engine.startedAt
        response.apps = statuses.map { status in
            var app = WireAppStatus(status, rates)
            app.deadLetters = engine.deadLetters(of: status, in: catalog)
            app.generation = catalog.app(named: status.app)?.generation ?? 0
            return app
        }
        response.tables = catalog.tables.values.sorted { $0.name < $1.name }.map { table in
            var status = WireTableStatus()
            status.name = table.name
            status.servingVersion = table.servingVersion
            if let statistics = try? engine.tables.statistics(table: table.id, version: table.servingVersion) {
                status.estimatedRows = Int64(statistics.estimatedRows)
                status.bytes = Int64(statistics.bytes)
            }
            if let freshness = engine.freshness(of: table) { status.freshness = freshness }
            engine.addHotKeys(
                of: table, isRevealed: request.reveal && access.allows(.admin, on: .table(table.name)), to: &status)
            return status
        }
        response.categories = engine.categoryDescriptors
        response.categoryStatuses = catalog.categories.values.sorted { $0.name < $1.name }.map {
            engine.status(of: $0, in: catalog)
        }
        response.diskBytes = engine.folder.diskBytes
        response.residentBytes = Resident.bytes
        response.memoryLimitBytes = Int64(engine.memoryBytes)
        return response
    }
}

extension Engine {
    /// What the app could not apply since it was deployed, whichever server kept it.
    func deadLetters(of status: AppRunnerStatus, in catalog: CatalogSnapshot) -> UInt64 {
        guard let app = catalog.app(named: status.app),
            let letters = catalog.category(named: DeadLetterCategory.name(ofApp: app.name))
        else { return status.deadLetters }
        let end = categories.end(category: letters.id, bucket: DeadLetterCategory.bucket)
        return max(status.deadLetters, UInt64(max(0, end - (app.deadLettersFrom ?? 0))))
    }

    /// The append time up to which a table has applied its input; nil for a table that no category feeds.
    func freshness(of table: TableEntry) -> Int64? {
        let id = VersionID(table: table.id, version: table.servingVersion)
        return gauge.feed(of: id)?.category == nil ? nil : gauge.freshness(of: id, now: Clock.now)
    }
}

extension DataFolder {
    /// What its files take on the disk.
    var diskBytes: Int64 {
        guard let files = FileManager.default.enumerator(atPath: path) else { return 0 }
        var bytes: Int64 = 0
        for case let file as String in files {
            var information = stat()
            if lstat(path + "/" + file, &information) == 0 { bytes += Int64(information.st_blocks) * 512 }
        }
        return bytes
    }
}

enum Resident {
    /// Memory of this process that is in use, as the kernel counts it.
    static var bytes: Int64 {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
        let fields = text.split(separator: " ")
        return fields.count > 1 ? (Int64(fields[1]) ?? 0) * Int64(sysconf(Int32(_SC_PAGESIZE))) : 0
    }
}
