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
        let wanted = entry(syntax, statement)
        guard let existing = snapshot.category(named: wanted.name) else {
            add(wanted)
            return
        }
        if existing.output != nil, let app = existing.app {
            throw source.error(
                .conflict, at: statement.offset, "category \(existing.name) is filled by a query of application \(app)",
                hint: "give this one another name")
        }
        var plain = existing
        plain.output = nil
        if plain != existing {
            // Its application left it.
            plain.sql = wanted.sql
            deployment.add(plain, .changed, "category \(plain.name): clients append to it from here on")
            categories[syntax.name.key] = plain
        }
        if let (changed, line) = try change(of: plain, to: wanted, at: statement.offset) {
            categories[syntax.name.key] = changed
            deployment.categories.removeAll { $0.id == changed.id }
            deployment.add(changed, .changed, line)
        }
    }

    /// As its statement says it, without an id.
    func entry(_ syntax: CategorySyntax, _ statement: StatementSyntax) -> CategoryEntry {
        CategoryEntry(
            id: 0, name: syntax.name.text, bucketCount: syntax.buckets ?? 1, bucketColumn: syntax.bucketColumn?.text,
            format: syntax.format, retention: syntax.retention, acknowledgement: syntax.acknowledgement ?? .fsync,
            compression: syntax.compression ?? .standard, quotaBytesPerSecond: syntax.quotaBytesPerSecond,
            sql: statement.text)
    }

    mutating func add(_ wanted: CategoryEntry) {
        var category = wanted
        category.id = takeCategoryID()
        categories[category.name.lowercased()] = category
        deployment.add(category, .new, "new category \(category.name): \(category.summary)")
    }

    /// The category that an app's malformed records go to.
    mutating func addDeadLetters(of app: Name) throws(SQLError) {
        let name = Self.deadLetters(of: app.text)
        let size = Self.deadLetterBytes >> 20
        let wanted = CategoryEntry(
            id: 0, name: name, bucketCount: 1, retention: Retention(bytes: Self.deadLetterBytes),
            sql: "CREATE CATEGORY \(name) BUCKETS 1 RETAIN \(size) MIB")
        guard let existing = categories[name.lowercased()] else {
            add(wanted)
            return
        }
        // What it retains and how is free to be changed by a statement of its own.
        guard existing.bucketCount == 1, existing.bucketColumn == nil, existing.format == nil, existing.output == nil
        else {
            throw source.error(
                .conflict, at: app.offset,
                "category \(existing.name) is to keep this application's malformed records, but has \(existing.summary)",
                hint: "give the category or the application another name")
        }
    }

    private func isDeadLetters(_ category: CategoryEntry, of app: AppEntry) -> Bool {
        category.name.lowercased() == Self.deadLetters(of: app.name).lowercased()
    }

    private static func deadLetters(of app: String) -> String { app + "_dead_letters" }

    private static let deadLetterBytes: Int64 = 64 << 20

    // A deployed category

    /// The deployed category as it is to be, and the line for it; nil where nothing changes.
    func change(
        of existing: CategoryEntry, to wanted: CategoryEntry, at offset: Int
    ) throws(SQLError) -> (changed: CategoryEntry, line: String)? {
        func refused(_ what: String) -> SQLError {
            source.error(
                .conflict, at: offset, "category \(existing.name) has \(what)",
                hint: "its records are where that put them: write it as it was, or give this one another name")
        }
        if existing.bucketColumn != wanted.bucketColumn {
            throw refused(existing.bucketColumn.map { "BY \($0)" } ?? "no BY")
        }
        if existing.format != wanted.format {
            throw refused(existing.format.map { "FORMAT \($0.rawValue)" } ?? "no FORMAT")
        }
        if existing.bucketCount > wanted.bucketCount {
            throw refused("\(existing.bucketCount) buckets, and loses none")
        }
        var changed = existing
        var parts: [String] = []
        if existing.bucketCount < wanted.bucketCount {
            if let app = snapshot.apps.values.first(where: { isDeadLetters(existing, of: $0) }) {
                throw source.error(
                    .conflict, at: offset,
                    "category \(existing.name) keeps the dead letters of application \(app.name) in one bucket",
                    hint: "leave BUCKETS out")
            }
            if let table = upsertByOffset(of: existing) {
                throw source.error(
                    .conflict, at: offset,
                    "table \(table) reads category \(existing.name) without an event time, so that the later offset wins, and "
                        + "offsets compare within one bucket only",
                    hint: "with more buckets a key's records would go to another; leave BUCKETS \(existing.bucketCount)"
                )
            }
            changed.bucketCount = wanted.bucketCount
            changed.hasGainedBuckets = true
            parts.append("BUCKETS \(existing.bucketCount) -> BUCKETS \(wanted.bucketCount)")
        }
        changed.retention = wanted.retention
        changed.acknowledgement = wanted.acknowledgement
        changed.compression = wanted.compression
        changed.quotaBytesPerSecond = wanted.quotaBytesPerSecond
        for (former, now) in zip(existing.settings, changed.settings) where former != now {
            parts.append("\(former) -> \(now)")
        }
        guard !parts.isEmpty else { return nil }
        changed.sql = wanted.sql
        return (changed, "category \(existing.name): \(parts.joined(separator: "; "))")
    }

    /// A table whose rows are decided by the offsets of the category.
    private func upsertByOffset(of category: CategoryEntry) -> String? {
        for table in snapshot.tables.values.sorted(by: { $0.id < $1.id }) {
            guard case .upsert(let query) = table.source else { continue }
            let input =
                table.keptInput
                ?? table.app.flatMap { snapshot.app(named: $0) }?.inputTables.first {
                    $0.name.lowercased() == query.input.lowercased()
                }
            if let input, input.categoryID == category.id, input.eventTimeColumn == nil { return table.name }
        }
        return nil
    }
}

extension CategoryEntry {
    /// For people: `2 buckets by dest, JSON, RETAIN 7 DAYS`.
    var summary: String {
        var parts = [bucketCount == 1 ? "1 bucket" : "\(bucketCount) buckets"]
        if let column = bucketColumn { parts[0] += " by \(column)" }
        if let format { parts.append(format.rawValue) }
        let plain = CategoryEntry(id: 0, name: "", bucketCount: 1, sql: "").settings
        parts += zip(settings, plain).filter { $0 != $1 }.map(\.0)
        return parts.joined(separator: ", ")
    }

    /// What a deployed category may change, each as its statement says it.
    fileprivate var settings: [String] {
        [
            retention.map { "RETAIN \($0.text)" } ?? "no RETAIN", "acknowledge = '\(acknowledgement.rawValue)'",
            "compression = '\(compression.rawValue)'",
            quotaBytesPerSecond.map { "quota = '\(bytes($0))'" } ?? "no quota",
        ]
    }
}

extension Retention {
    fileprivate var text: String {
        [microseconds.map(duration), bytes.map(SQL.bytes)].compactMap { $0 }.joined(separator: ", ")
    }
}

/// `10 GIB`: the largest unit that divides it.
private func bytes(_ count: Int64) -> String {
    let units = [("TIB", 40), ("GIB", 30), ("MIB", 20), ("KIB", 10)]
    guard let (unit, shift) = units.first(where: { count % (1 << $0.1) == 0 }) else { return "\(count) BYTES" }
    return "\(count >> shift) \(unit)"
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
