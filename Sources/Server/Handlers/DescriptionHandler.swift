internal import BulkLoad
internal import Catalog
internal import Categories
internal import Foundation
internal import Processors
internal import RPC
internal import Records
internal import Tables

/// Says what categories, tables and apps there are.
struct DescriptionHandler: Sendable {
    private let engine: Engine

    init(_ engine: Engine) {
        self.engine = engine
    }

    func table(_ request: WireDescribeTableRequest) throws -> WireTableDescriptor {
        let catalog = engine.catalog.snapshot
        guard let table = catalog.table(named: request.table) else { throw RPCError.noTable(request.table) }
        return engine.descriptor(of: table, in: catalog)
    }

    func loadDescriptor(_ request: WireLoadDescriptorRequest) throws -> WireLoadDescriptorResponse {
        let catalog = engine.catalog.snapshot
        guard let table = catalog.table(named: request.table) else { throw RPCError.noTable(request.table) }
        let app = table.app.flatMap { catalog.app(named: $0) }
        let input = app?.input(of: table)
        guard table.source.inputTable == nil || input != nil else {
            throw RPCError(
                .refused, "table \(table.name) belongs to no app that could fill it; deploy one that has its statement")
        }
        let descriptor = LoadDescriptor(
            table: table, shardCount: catalog.shardCount, input: input,
            category: input.flatMap { catalog.category(id: $0.categoryID) }.map { LoadDescriptor.Category($0) },
            joined: table.source.joins.compactMap { catalog.table(id: $0.tableID) })
        var response = WireLoadDescriptorResponse()
        response.descriptor = Data(try descriptor.encoded())
        return response
    }

    func tables(_ request: WireListTablesRequest) throws -> WireListTablesResponse {
        let catalog = engine.catalog.snapshot
        var response = WireListTablesResponse()
        response.tables = catalog.tables.values.sorted { $0.name < $1.name }.map {
            engine.descriptor(of: $0, in: catalog)
        }
        return response
    }

    func category(_ request: WireDescribeCategoryRequest) throws -> WireCategoryDescriptor {
        guard let category = engine.catalog.snapshot.category(named: request.category) else {
            throw RPCError.noCategory(request.category)
        }
        return engine.descriptor(of: category)
    }

    func categories(_ request: WireListCategoriesRequest) throws -> WireListCategoriesResponse {
        var response = WireListCategoriesResponse()
        response.categories = engine.categoryDescriptors
        return response
    }

    func apps(_ request: WireListAppsRequest) throws -> WireListAppsResponse {
        let catalog = engine.catalog.snapshot
        var response = WireListAppsResponse()
        response.apps = catalog.apps.values.sorted { $0.name < $1.name }.map { app in
            var descriptor = WireAppDescriptor(app, in: catalog)
            let status = engine.apps.status(of: app)
            descriptor.state = status.state.rawValue
            descriptor.failure = status.message ?? ""
            return descriptor
        }
        return response
    }
}

extension Engine {
    func descriptor(of table: TableEntry, in catalog: CatalogSnapshot) -> WireTableDescriptor {
        let inputs = table.app.flatMap { catalog.app(named: $0) }?.inputTables ?? []
        let input = inputs.first { $0.name.lowercased() == table.source.inputTable?.lowercased() }
        return WireTableDescriptor(table, input: input, shardCount: catalog.shardCount) { version in
            figures(of: version, of: table, in: catalog)
        }
    }

    private func figures(
        of version: VersionEntry, of table: TableEntry, in catalog: CatalogSnapshot
    ) -> VersionFigures {
        var figures = VersionFigures()
        // Dropped since the snapshot was taken: nothing is left of it.
        if let statistics = try? tables.statistics(table: table.id, version: version.number) {
            figures.rows = Int64(statistics.estimatedRows)
            figures.bytes = Int64(statistics.bytes)
        }
        if let lag = apps.progress.lag(of: version, of: table, in: catalog, now: Clock.now) {
            figures.freshness = lag.freshness
            figures.lag = lag.records
        }
        if let positions = try? tables.positions(table: table.id, version: version.number) {
            figures.stragglers = Stragglers.count(in: positions)
        }
        guard let app = table.app.flatMap({ catalog.app(named: $0) }) else { return figures }
        let building = RunnerID.Building(table: table.id, version: version.number)
        let runner = RunnerID(app: app.id, building: version.isBuilding ? building : nil)
        figures.failure = apps.status(of: runner)?.message ?? (app.isStopped ? "app \(app.name) is stopped" : "")
        return figures
    }

    func descriptor(of category: CategoryEntry) -> WireCategoryDescriptor {
        var descriptor = WireCategoryDescriptor()
        descriptor.id = category.id
        descriptor.name = category.name
        descriptor.buckets = UInt32(category.bucketCount)
        descriptor.bucketColumn = category.bucketColumn ?? ""
        descriptor.format = category.format?.rawValue ?? ""
        descriptor.startOffsets = (0..<category.bucketCount).map { categories.start(category: category.id, bucket: $0) }
        descriptor.endOffsets = (0..<category.bucketCount).map { categories.end(category: category.id, bucket: $0) }
        descriptor.sql = category.sql
        return descriptor
    }

    var categoryDescriptors: [WireCategoryDescriptor] {
        catalog.snapshot.categories.values.sorted { $0.name < $1.name }.map { descriptor(of: $0) }
    }
}
