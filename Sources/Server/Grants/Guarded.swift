internal import BulkLoad
internal import Catalog
internal import Processors
internal import RPC

/// A request that says which tables and categories it is about, before anything is done for it.
///
/// A name stands for what bears it or might: whoever has no right on it does not learn if it is there.
protocol Guarded {
    func objects(in catalog: CatalogSnapshot) throws -> [GrantObject]
}

extension WireOpenProducerRequest: Guarded {
    func objects(in catalog: CatalogSnapshot) -> [GrantObject] { [.category(category)] }
}

extension WireSeekRequest: Guarded {
    func objects(in catalog: CatalogSnapshot) -> [GrantObject] { [.category(category)] }
}

extension WireCutRequest: Guarded {
    func objects(in catalog: CatalogSnapshot) -> [GrantObject] { [.category(category)] }
}

extension WireDescribeCategoryRequest: Guarded {
    func objects(in catalog: CatalogSnapshot) -> [GrantObject] { [.category(category)] }
}

extension WireDescribeTableRequest: Guarded {
    func objects(in catalog: CatalogSnapshot) -> [GrantObject] { [.table(table)] }
}

extension WireLoadDescriptorRequest: Guarded {
    func objects(in catalog: CatalogSnapshot) -> [GrantObject] { [.table(table)] }
}

extension WireBackfillRequest: Guarded {
    func objects(in catalog: CatalogSnapshot) -> [GrantObject] { [.table(table)] }
}

extension WireRollbackRequest: Guarded {
    func objects(in catalog: CatalogSnapshot) -> [GrantObject] { [.table(table)] }
}

extension WireDropVersionRequest: Guarded {
    func objects(in catalog: CatalogSnapshot) -> [GrantObject] { [.table(table)] }
}

// Answers that show what the caller may see.

extension WireListCategoriesRequest: Guarded {
    func objects(in catalog: CatalogSnapshot) -> [GrantObject] { [] }
}

extension WireListTablesRequest: Guarded {
    func objects(in catalog: CatalogSnapshot) -> [GrantObject] { [] }
}

extension WireListAppsRequest: Guarded {
    func objects(in catalog: CatalogSnapshot) -> [GrantObject] { [] }
}

extension WireStatusRequest: Guarded {
    func objects(in catalog: CatalogSnapshot) -> [GrantObject] { [] }
}

// Apps: what they fill.

extension WireDeployRequest: Guarded {
    /// Known when the file has been read and held against the catalog: `ControlPlane.deploy` asks then.
    func objects(in catalog: CatalogSnapshot) -> [GrantObject] { [] }
}

extension WireDeleteAppRequest: Guarded {
    func objects(in catalog: CatalogSnapshot) -> [GrantObject] { catalog.objects(ofApp: app) }
}

extension WireStopAppRequest: Guarded {
    func objects(in catalog: CatalogSnapshot) -> [GrantObject] { catalog.objects(ofApp: app) }
}

extension WireStartAppRequest: Guarded {
    func objects(in catalog: CatalogSnapshot) -> [GrantObject] { catalog.objects(ofApp: app) }
}

extension CatalogSnapshot {
    /// What an app fills; of one that fills nothing, or is not there, its dead letters.
    func objects(ofApp name: String) -> [GrantObject] {
        guard let app = app(named: name) else { return [.category(DeadLetterCategory.name(ofApp: name))] }
        let objects =
            app.tableIDs.compactMap { table(id: $0).map { .table($0.name) } }
            + app.outputIDs.compactMap { category(id: $0).map { GrantObject.category($0.name) } }
        return objects.isEmpty ? [.category(DeadLetterCategory.name(ofApp: app.name))] : objects
    }
}

// Loads: the table that they are for.

extension WireBeginLoadRequest: Guarded {
    func objects(in catalog: CatalogSnapshot) throws -> [GrantObject] {
        let manifest = try LoadManifest(decoding: [UInt8](manifest))
        // The id decides which table is loaded; a name that goes with another one is found out later.
        return [.table(catalog.table(id: manifest.table.id)?.name ?? manifest.table.name)]
    }
}

extension WireFinishLoadRequest: Guarded {
    func objects(in catalog: CatalogSnapshot) -> [GrantObject] { [catalog.object(ofLoad: load)] }
}

extension WireAbortLoadRequest: Guarded {
    func objects(in catalog: CatalogSnapshot) -> [GrantObject] { [catalog.object(ofLoad: load)] }
}

extension CatalogSnapshot {
    /// Of a load that is of no table that is there, the server: whoever may do everything learns that it is not.
    func object(ofLoad load: String) -> GrantObject {
        guard let id = LoadID(load), let table = table(id: id.table) else { return .server }
        return .table(table.name)
    }
}
