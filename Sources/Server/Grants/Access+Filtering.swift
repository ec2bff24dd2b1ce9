internal import Catalog
internal import RPC

// Answers that name tables, categories and apps, without those that the caller has no right on.

extension Access {
    /// Whether answers are to be looked through at all.
    private var isNarrow: Bool { !book.current.isOpen }

    func filtered(_ response: WireListTablesResponse) -> WireListTablesResponse {
        guard isNarrow else { return response }
        var response = response
        response.tables.removeAll { !sees(.table($0.name)) }
        return response
    }

    func filtered(_ response: WireListCategoriesResponse) -> WireListCategoriesResponse {
        guard isNarrow else { return response }
        var response = response
        response.categories.removeAll { !sees(.category($0.name)) }
        return response
    }

    /// An app is shown to whoever sees something that it fills; its text to whoever administers all of that.
    func filtered(_ response: WireListAppsResponse, _ catalog: CatalogSnapshot) -> WireListAppsResponse {
        guard isNarrow else { return response }
        var response = response
        response.apps = response.apps.compactMap { app in
            let objects = catalog.objects(ofApp: app.name)
            guard objects.contains(where: sees) else { return nil }
            var app = app
            app.tables.removeAll { !sees(.table($0)) }
            app.outputs.removeAll { !sees(.category($0)) }
            if !objects.allSatisfy({ allows(.admin, on: $0) }) {
                app.sql = ""
                app.inputs = []
            }
            return app
        }
        return response
    }

    func filtered(_ response: WireStatusResponse, _ catalog: CatalogSnapshot) -> WireStatusResponse {
        guard isNarrow else { return response }
        var response = response
        response.tables.removeAll { !sees(.table($0.name)) }
        response.categories.removeAll { !sees(.category($0.name)) }
        response.categoryStatuses.removeAll { !sees(.category($0.name)) }
        response.apps.removeAll { app in !catalog.objects(ofApp: app.name).contains(where: sees) }
        for index in response.tables.indices where !allows(.admin, on: .table(response.tables[index].name)) {
            for key in response.tables[index].hotKeys.indices { response.tables[index].hotKeys[key].clearKey() }
        }
        for index in response.apps.indices {
            response.apps[index].buckets.removeAll { !sees(.category($0.category)) }
            response.apps[index].watermarks.removeAll { !sees(.category($0.category)) }
        }
        return response
    }

    /// Hot keys in clear are for those who administer a table; of the others' tables they stay hashed.
    func check(_ request: WireStatusRequest, _ catalog: CatalogSnapshot) throws(RPCError) {
        guard isNarrow, request.reveal else { return }
        let administers = catalog.tables.values.contains { allows(.admin, on: .table($0.name)) }
        guard administers else { throw RPCError.forbidden(caller, .admin, .server) }
    }
}
