internal import Catalog
internal import Categories
internal import RPC
internal import Synchronization
internal import Tables

extension ControlPlane {
    /// The app's tables and output categories stay as they stand, or are dropped with it. Refused while another app depends
    /// on one of them.
    func delete(_ request: WireDeleteAppRequest) throws -> WireEmpty {
        try engine.turn.withLock { _ in
            let snapshot = try engine.catalog.settled()
            guard let app = snapshot.app(named: request.app) else { throw RPCError.noApp(request.app) }
            let tables = app.tableIDs.compactMap { snapshot.table(id: $0) }
            let outputs = app.outputIDs.compactMap { snapshot.category(id: $0) }
            try checkNobodyDepends(on: app, tables, request.dropTables ? outputs : [], in: snapshot)
            engine.apps.end(app: app.id)
            do {
                try write { catalog in
                    catalog.removeApp(id: app.id)
                    for table in tables {
                        if request.dropTables {
                            catalog.removeTable(id: table.id)
                        } else {
                            var kept = table.kept(from: app)
                            kept.versions.removeAll { $0.isBuilding }
                            try catalog.put(kept)
                        }
                    }
                    for output in outputs {
                        if request.dropTables {
                            catalog.removeCategory(id: output.id)
                        } else {
                            try catalog.put(output.kept())
                        }
                    }
                }
            } catch {
                goOn(despite: error)
                throw error
            }
            clear(tables, request.dropTables ? outputs : [])
            engine.apps.reconcile()
            return WireEmpty()
        }
    }

    /// Takes away what the catalog no longer names; what cannot go now goes at the next start.
    private func clear(_ tables: [TableEntry], _ outputs: [CategoryEntry]) {
        dropFamilies(of: tables)
        for table in tables {
            guard let building = table.buildingVersion else { continue }
            try? engine.tables.dropVersion(table: table.id, version: building.number)
        }
        for output in outputs {
            var table: UInt32?
            if case .panes(let query)? = output.output { table = query.tableID }
            try? engine.tables.dropOutput(category: output.id, panesOf: table)
            try? engine.categories.deleteCategory(id: output.id)
        }
    }

    private func checkNobodyDepends(
        on app: AppEntry, _ tables: [TableEntry], _ outputs: [CategoryEntry], in catalog: CatalogSnapshot
    ) throws {
        for table in tables {
            guard let other = catalog.apps(joining: table.id).first(where: { $0.id != app.id }) else { continue }
            throw RPCError(
                .refused,
                "app \(other.name) joins table \(table.name); delete \(other.name) first, or deploy it without")
        }
        for other in catalog.apps.values.sorted(by: { $0.name < $1.name }) where other.id != app.id {
            let read = Set(other.inputTables.map(\.categoryID))
            if let output = outputs.first(where: { read.contains($0.id) }) {
                throw RPCError(
                    .refused,
                    "app \(other.name) reads category \(output.name), which \(app.name) fills; delete \(other.name) first, or "
                        + "leave --drop out")
            }
        }
    }
}
