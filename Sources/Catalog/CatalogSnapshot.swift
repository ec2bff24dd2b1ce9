/// The catalog at one moment: immutable once published, so that a request sees one consistent catalog from its first
/// lookup to its last.
///
/// Names match without case; ids are never reused, not even after what bore them was removed.
package struct CatalogSnapshot: Sendable {
    /// Of every table; fixed when the data folder is made.
    package let shardCount: Int
    package private(set) var categories: [UInt32: CategoryEntry] = [:]
    package private(set) var tables: [UInt32: TableEntry] = [:]
    package private(set) var apps: [UInt32: AppEntry] = [:]
    /// What the next category, table and app are to be numbered with.
    package private(set) var nextCategoryID: UInt32 = 1
    package private(set) var nextTableID: UInt32 = 1
    package private(set) var nextAppID: UInt32 = 1

    private var categoryIDs: [String: UInt32] = [:]
    private var tableIDs: [String: UInt32] = [:]
    private var appIDs: [String: UInt32] = [:]

    /// An empty catalog.
    package init(shardCount: Int) {
        self.shardCount = shardCount
    }

    package func category(named name: String) -> CategoryEntry? {
        categoryIDs[name.lowercased()].flatMap { categories[$0] }
    }

    package func category(id: UInt32) -> CategoryEntry? { categories[id] }

    package func table(named name: String) -> TableEntry? {
        tableIDs[name.lowercased()].flatMap { tables[$0] }
    }

    package func table(id: UInt32) -> TableEntry? { tables[id] }

    package func app(named name: String) -> AppEntry? {
        appIDs[name.lowercased()].flatMap { apps[$0] }
    }

    package func app(id: UInt32) -> AppEntry? { apps[id] }
}

// Changes, for the body of `CatalogStore.update`. Whoever adds an entry takes its id from the counter of the snapshot
// that the body is given.
extension CatalogSnapshot {
    /// Adds the category, or replaces the one of the same id.
    package mutating func put(_ category: CategoryEntry) throws(CatalogError) {
        let former = categories[category.id]?.name
        try CatalogSnapshot.move(former, to: category.name, id: category.id, kind: "category", in: &categoryIDs)
        categories[category.id] = category
        nextCategoryID = max(nextCategoryID, category.id + 1)
    }

    /// Adds the table, or replaces the one of the same id.
    package mutating func put(_ table: TableEntry) throws(CatalogError) {
        let former = tables[table.id]?.name
        try CatalogSnapshot.move(former, to: table.name, id: table.id, kind: "table", in: &tableIDs)
        tables[table.id] = table
        nextTableID = max(nextTableID, table.id + 1)
    }

    /// Adds the app, or replaces the one of the same id.
    package mutating func put(_ app: AppEntry) throws(CatalogError) {
        try CatalogSnapshot.move(apps[app.id]?.name, to: app.name, id: app.id, kind: "application", in: &appIDs)
        apps[app.id] = app
        nextAppID = max(nextAppID, app.id + 1)
    }

    package mutating func removeCategory(id: UInt32) {
        if let removed = categories.removeValue(forKey: id) { categoryIDs[removed.name.lowercased()] = nil }
    }

    package mutating func removeTable(id: UInt32) {
        if let removed = tables.removeValue(forKey: id) { tableIDs[removed.name.lowercased()] = nil }
    }

    package mutating func removeApp(id: UInt32) {
        if let removed = apps.removeValue(forKey: id) { appIDs[removed.name.lowercased()] = nil }
    }

    /// Counters as they were stored: what they number may have been removed since.
    mutating func raiseCounters(category: UInt32, table: UInt32, app: UInt32) {
        nextCategoryID = max(nextCategoryID, category)
        nextTableID = max(nextTableID, table)
        nextAppID = max(nextAppID, app)
    }

    private static func move(
        _ former: String?, to name: String, id: UInt32, kind: String, in ids: inout [String: UInt32]
    ) throws(CatalogError) {
        if let holder = ids[name.lowercased()], holder != id {
            throw CatalogError(.nameTaken, "there is a \(kind) \(name) already")
        }
        if let former { ids[former.lowercased()] = nil }
        ids[name.lowercased()] = id
    }
}
