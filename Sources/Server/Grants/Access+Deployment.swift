internal import Catalog
internal import Processors
internal import RPC
internal import SQL

extension Access {
    /// What a deploy needs, now that it is known what the file changes: admin of all that it makes or changes and of all that its app
    /// filled until now, and read of what the app looks at.
    func check(_ deployment: Deployment, over catalog: CatalogSnapshot) throws {
        if book.current.isOpen { return }
        for table in deployment.tables { try check(.admin, on: .table(table.name)) }
        for category in deployment.categories where !deployment.makesLetters(in: category) {
            try check(.admin, on: .category(category.name))
        }
        guard let app = deployment.app else { return }
        if catalog.app(id: app.id) != nil || (deployment.tables.isEmpty && deployment.categories.isEmpty) {
            for object in catalog.objects(ofApp: app.name) { try check(.admin, on: object) }
        }
        var preview = catalog
        try deployment.apply(to: &preview)
        for input in app.inputTables {
            if let category = preview.category(id: input.categoryID) { try check(.read, on: .category(category.name)) }
        }
        for join in preview.joins(of: app) {
            if let table = preview.table(id: join.tableID) { try check(.read, on: .table(table.name)) }
        }
    }

    /// Whether a file is worth being read for this caller: what is wrong with it may tell of others' tables.
    func checkMayDeploySomething() throws(RPCError) {
        let grants = book.current
        if grants.isOpen { return }
        guard grants.concerning(caller).lines.contains(where: { $0.rights.allows(.admin) }) else {
            throw RPCError.forbidden(caller, .admin, .server)
        }
    }
}

extension Deployment {
    /// Whether the category is the new one for the dead letters of an app that fills something else: it comes with that.
    fileprivate func makesLetters(in category: CategoryEntry) -> Bool {
        guard let app, category.name == DeadLetterCategory.name(ofApp: app.name) else { return false }
        return categoryChanges[category.id] == .new && tables.count + categories.count > 1
    }
}
