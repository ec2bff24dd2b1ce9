internal import Catalog
internal import Records

extension Planner {
    mutating func plan(_ syntax: CategorySyntax, _ statement: StatementSyntax) throws(SQLError) {
        if let column = syntax.bucketColumn, syntax.format != .json {
            throw source.error(
                .meaning, at: column.offset,
                "BY names a field, but the records of \(syntax.name.text) have none by name",
                hint: "add FORMAT JSON; without BY a record goes by its own key, or round robin")
        }
        guard syntax.retention?.bytes == nil else {
            // Dropping what an app has yet to read would lose it, and nothing tells the log yet who still needs what.
            throw source.error(
                .unsupported, at: statement.offset, "this Maser does not drop a category's records by size yet",
                hint: "leave RETAIN out, or give it a time, which is kept and not enforced yet")
        }
        let wanted = CategoryEntry(
            id: 0, name: syntax.name.text, bucketCount: syntax.buckets ?? 1, bucketColumn: syntax.bucketColumn?.text,
            format: syntax.format, retention: syntax.retention, sql: statement.text)
        guard let existing = snapshot.category(named: wanted.name) else {
            add(wanted)
            return
        }
        guard let difference = difference(existing, wanted) else { return }
        throw source.error(
            .conflict, at: statement.offset, "category \(existing.name) is deployed with \(difference)",
            hint: "a category cannot change yet: leave its statement as it was, or give this one another name")
    }

    mutating func add(_ wanted: CategoryEntry) {
        var category = wanted
        category.id = takeCategoryID()
        categories[category.name.lowercased()] = category
        deployment.categories.append(category)
        deployment.changes.append(change(category))
    }

    /// The category that an app's malformed records go to.
    mutating func addDeadLetters(of app: Name) throws(SQLError) {
        let name = app.text + "_dead_letters"
        let size = Self.deadLetterBytes >> 20
        let wanted = CategoryEntry(
            id: 0, name: name, bucketCount: 1, retention: Retention(bytes: Self.deadLetterBytes),
            sql: "CREATE CATEGORY \(name) BUCKETS 1 RETAIN \(size) MIB")
        guard let existing = categories[name.lowercased()] else {
            add(wanted)
            return
        }
        guard let difference = difference(existing, wanted) else { return }
        throw source.error(
            .conflict, at: app.offset,
            "category \(existing.name) is to keep this application's malformed records, but has \(difference)",
            hint: "give the category or the application another name")
    }

    private static let deadLetterBytes: Int64 = 64 << 20

    /// What `deployed` has otherwise than `wanted`; nil for nothing.
    private func difference(_ deployed: CategoryEntry, _ wanted: CategoryEntry) -> String? {
        if deployed.bucketCount != wanted.bucketCount { return "\(deployed.bucketCount) buckets" }
        if deployed.bucketColumn != wanted.bucketColumn {
            return deployed.bucketColumn.map { "BY \($0)" } ?? "no BY"
        }
        if deployed.format != wanted.format { return deployed.format.map { "FORMAT \($0.rawValue)" } ?? "no FORMAT" }
        if deployed.retention != wanted.retention {
            return deployed.retention.map { "RETAIN \(retention($0))" } ?? "no RETAIN"
        }
        return nil
    }

    private func change(_ category: CategoryEntry) -> String {
        var parts = [category.bucketCount == 1 ? "1 bucket" : "\(category.bucketCount) buckets"]
        if let column = category.bucketColumn { parts[0] += " by \(column)" }
        if let format = category.format { parts.append(format.rawValue) }
        if let retention = category.retention {
            let isEnforced = retention.microseconds == nil
            parts.append(
                "RETAIN \(self.retention(retention))" + (isEnforced ? "" : " (its time is kept, but not enforced yet)"))
        }
        return "new category \(category.name): \(parts.joined(separator: ", "))"
    }

    private func retention(_ retention: Retention) -> String {
        var parts: [String] = []
        if let microseconds = retention.microseconds { parts.append(duration(microseconds)) }
        if let bytes = retention.bytes {
            let units = [("TIB", 40), ("GIB", 30), ("MIB", 20), ("KIB", 10), ("BYTES", 0)]
            if let (unit, shift) = units.first(where: { bytes % (1 << $0.1) == 0 }) {
                parts.append("\(bytes >> shift) \(unit)")
            }
        }
        return parts.joined(separator: ", ")
    }
}

/// `7 DAYS`, `1 HOUR`: the longest unit that divides it.
func duration(_ microseconds: Int64) -> String {
    let units: [(String, Int64)] = [
        ("DAY", 86_400_000_000), ("HOUR", 3_600_000_000), ("MINUTE", 60_000_000), ("SECOND", 1_000_000),
        ("MILLISECOND", 1_000), ("MICROSECOND", 1),
    ]
    for (unit, length) in units where microseconds % length == 0 {
        let count = microseconds / length
        return "\(count) \(unit)\(count == 1 ? "" : "S")"
    }
    return "\(microseconds)"
}
