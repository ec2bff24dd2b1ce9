package import Catalog

/// What a file of SQL adds to a catalog; nothing where all of it is deployed already.
package struct Deployment: Sendable {
    package var app: AppEntry?
    package var categories: [CategoryEntry] = []
    /// New ones, and those that a deleted application left and this one takes over.
    package var tables: [TableEntry] = []
    /// One line for each thing that is new, for people.
    package var changes: [String] = []
}

/// Holds a file against a catalog. What is deployed and says the same is passed over; what says something else is an
/// error. New entries have ids of the snapshot's counters, so that they fit this snapshot and no other.
///
/// `now` is in microseconds since 1970.
package func plan(
    _ script: Script, against snapshot: CatalogSnapshot, now: Int64
) throws(SQLError) -> Deployment {
    var planner = Planner(script, against: snapshot, now: now)
    return try planner.plan()
}
