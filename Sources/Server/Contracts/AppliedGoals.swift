internal import Bytes
internal import Catalog
internal import RPC
internal import Tables

/// Positions that are to be applied to the tables of one request before it is answered.
struct AppliedGoals: Sendable {
    /// Of one request.
    static let greatestCount = 1024

    private struct Goal {
        let table: UInt32
        let tableName: String
        /// nil: of the version that serves when somebody looks.
        let pin: UInt32?
        let categoryName: String
        let bucket: Int
        let offset: Int64
    }

    private var goals: [Goal] = []
    /// Names of the request's tables.
    let tables: [String]

    /// A position counts for every table of the request that its category feeds, and there must be one.
    init(
        _ contract: WireReadContract.View, of tables: [(table: TableEntry, pin: UInt32?)],
        in snapshot: CatalogSnapshot, _ gauge: FreshnessGauge
    ) throws {
        var contract = contract
        self.tables = tables.map { $0.table.name }
        guard contract.positionCount <= Self.greatestCount else {
            throw RPCError(
                .invalidArgument,
                "a request waits for up to \(Self.greatestCount) positions, and this one has \(contract.positionCount)")
        }
        while let position = try contract.nextPosition() {
            let category = try snapshot.category(wireName: position.category)
            guard position.bucket < category.bucketCount, position.offset >= 0 else {
                throw RPCError(
                    .invalidArgument,
                    "no position \(category.name):\(position.bucket):\(position.offset) can be waited for; the category has "
                        + "the buckets 0 to \(category.bucketCount - 1), and offsets begin at 0")
            }
            var isFed = false
            for (table, pin) in tables {
                let version = VersionID(table: table.id, version: pin ?? table.servingVersion)
                // What is gone says so when it is read.
                guard let feed = gauge.feed(of: version) else {
                    isFed = isFed || !table.versions.isEmpty
                    continue
                }
                guard feed.category?.id == category.id else { continue }
                isFed = true
                goals.append(
                    Goal(
                        table: table.id, tableName: table.name, pin: pin, categoryName: category.name,
                        bucket: Int(position.bucket), offset: position.offset))
            }
            guard isFed else { throw Self.notFed(tables.map { $0.table }, by: category, gauge) }
        }
    }

    private static func notFed(
        _ tables: [TableEntry], by category: CategoryEntry, _ gauge: FreshnessGauge
    ) -> RPCError {
        let feeds = tables.map { table in
            let feed = gauge.feed(of: VersionID(table: table.id, version: table.servingVersion))
            return "\(table.name) is filled " + (feed?.category.map { "from \($0.name)" } ?? "by loads")
        }
        return RPCError(
            .invalidArgument,
            "a position in category \(category.name) cannot be waited for: \(feeds.joined(separator: ", and "))")
    }

    var isEmpty: Bool { goals.isEmpty }

    /// Whether all are applied to a table's version, or that is gone.
    func areMet(of table: UInt32, version: UInt32, _ gauge: FreshnessGauge) -> Bool {
        let id = VersionID(table: table, version: version)
        guard let feed = gauge.feed(of: id) else { return true }
        return goals.allSatisfy { $0.table != table || gauge.offset(of: id, feed, bucket: $0.bucket) >= $0.offset }
    }

    /// What is not applied yet, for a person; nil where all is, or something that it concerns is gone.
    func unmet(in snapshot: CatalogSnapshot, _ gauge: FreshnessGauge) -> String? {
        for goal in goals {
            guard let table = snapshot.table(id: goal.table) else { return nil }
            let id = VersionID(table: goal.table, version: goal.pin ?? table.servingVersion)
            guard let feed = gauge.feed(of: id) else { return nil }
            let offset = gauge.offset(of: id, feed, bucket: goal.bucket)
            if offset >= goal.offset { continue }
            return "table \(goal.tableName) has applied bucket \(goal.bucket) of category \(goal.categoryName) up to "
                + "\(offset), and is to be waited for until \(goal.offset)"
        }
        return nil
    }

    func areMet(in snapshot: CatalogSnapshot, _ gauge: FreshnessGauge) -> Bool {
        goals.allSatisfy { goal in
            guard let table = snapshot.table(id: goal.table) else { return true }
            let id = VersionID(table: goal.table, version: goal.pin ?? table.servingVersion)
            guard let feed = gauge.feed(of: id) else { return true }
            return gauge.offset(of: id, feed, bucket: goal.bucket) >= goal.offset
        }
    }
}
