package import Catalog

/// What a file of SQL changes in a catalog; nothing where all of it is deployed already. Everything in it is an entry as it is
/// to be written, all in one write.
package struct Deployment: Sendable {
    /// nil where nothing of the application changes, or the file has none.
    package var app: AppEntry?
    /// `categoryChanges` says of each what becomes of it.
    package var categories: [CategoryEntry] = []
    /// `tableChanges` says of each what becomes of it.
    package var tables: [TableEntry] = []
    /// By the ids of `categories`.
    package var categoryChanges: [UInt32: EntryChange] = [:]
    /// By the ids of `tables`.
    package var tableChanges: [UInt32: EntryChange] = [:]
    /// One line for each thing that changes, for people.
    package var changes: [String] = []

    package var isEmpty: Bool { app == nil && categories.isEmpty && tables.isEmpty }
}

/// What becomes of a table or a category.
package enum EntryChange: String, Hashable, Sendable {
    /// It is made.
    case new
    /// It is there, and is to be otherwise.
    case changed
    /// An application left it, and this one goes on with it where it stands.
    case adopted
    /// The application fills it no longer. It stays, and belongs to nobody.
    case kept
}

extension Deployment {
    mutating func add(_ category: CategoryEntry, _ change: EntryChange, _ line: String) {
        categories.append(category)
        categoryChanges[category.id] = change
        changes.append(line)
    }

    mutating func add(_ table: TableEntry, _ change: EntryChange, _ lines: [String]) {
        tables.append(table)
        tableChanges[table.id] = change
        changes += lines
    }
}

/// Holds a file against a catalog. What is deployed and says the same is passed over. What says something else changes the
/// entry where that is safe, and is an error that names the way where it is not. New entries have ids of the snapshot's
/// counters, so that they fit this snapshot and no other.
///
/// `now` is in microseconds since 1970.
package func plan(
    _ script: Script, against snapshot: CatalogSnapshot, now: Int64
) throws(SQLError) -> Deployment {
    var planner = Planner(script, against: snapshot, now: now)
    return try planner.plan()
}
