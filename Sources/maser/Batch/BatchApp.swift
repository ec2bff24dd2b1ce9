internal import Catalog
internal import MaserClient
internal import RPC
internal import Records
internal import SQL

/// An app as a batch runs it: what its SQL says, held against no server's catalog but one of this process.
struct BatchApp {
    let name: String
    let inputs: [InputTableEntry]
    /// Those that its queries fill.
    let tables: [TableEntry]
    /// All that a query can join, by id.
    let joinable: [UInt32: TableEntry]

    /// `snapshot` has what other files make and this one uses.
    init(_ sql: String, file: String, beside snapshot: CatalogSnapshot) throws {
        var snapshot = snapshot
        guard let app = try snapshot.add(sql, file: file) else {
            throw CommandError("\(file) has no application to run: it would begin with CREATE APPLICATION name;")
        }
        name = app.name
        inputs = app.inputTables
        tables = app.tableIDs.compactMap { snapshot.table(id: $0) }
        joinable = snapshot.tables
        if tables.isEmpty { throw CommandError("application \(name) fills no table, and a run makes nothing but rows") }
    }

    /// `others` are the files of SQL beside it.
    static func read(_ file: String, others: [String]) throws -> BatchApp {
        var snapshot = CatalogSnapshot(shardCount: 1)
        for other in others { _ = try snapshot.add(readText(other), file: other) }
        return try BatchApp(readText(file), file: file, beside: snapshot)
    }

    /// The app as it is deployed, and whatever it may read or join there.
    static func fetch(_ name: String, from client: Client) async throws -> BatchApp {
        let apps = try await client.apps()
        guard let app = apps.first(where: { $0.name.lowercased() == name.lowercased() }) else {
            throw CommandError("there is neither a file nor a deployed app \(name)")
        }
        var snapshot = CatalogSnapshot(shardCount: 1)
        let filled = Set(apps.flatMap(\.outputs))
        for category in try await client.categories() where !app.outputs.contains(category.name) {
            if filled.contains(category.name) {
                try snapshot.put(
                    CategoryEntry(
                        id: snapshot.nextCategoryID, name: category.name, bucketCount: Int(category.buckets),
                        format: .json, sql: category.sql))
            } else if !category.sql.isEmpty {
                _ = try snapshot.add(category.sql, file: "category \(category.name)")
            }
        }
        for table in try await client.tables() where table.app != app.name {
            if table.source == "loads" {
                _ = try snapshot.add(table.sql, file: "table \(table.name)")
            } else {
                try snapshot.put(TableEntry(joined: table, id: snapshot.nextTableID))
            }
        }
        return try BatchApp(app.sql, file: "app \(app.name)", beside: snapshot)
    }

    /// Those of the names, or all.
    func tables(named names: [String]) throws -> [TableEntry] {
        if names.isEmpty { return tables }
        return try names.map { name in
            guard let table = tables.first(where: { $0.name.lowercased() == name.lowercased() }) else {
                throw CommandError(
                    "application \(self.name) fills no table \(name), but \(tables.map(\.name).joined(separator: ", "))"
                )
            }
            return table
        }
    }
}

extension CatalogSnapshot {
    /// Takes what a file of SQL makes, and returns the application that it has.
    fileprivate mutating func add(_ sql: String, file: String) throws -> AppEntry? {
        let deployment = try SQL.plan(SQL.parse(sql, file: file), against: self, now: 0)
        for category in deployment.categories { try put(category) }
        for table in deployment.tables { try put(table) }
        if let app = deployment.app { try put(app) }
        return deployment.app
    }
}

extension TableEntry {
    /// What a join has to know of a table that another app fills.
    fileprivate init(joined table: WireTableDescriptor, id: UInt32) throws {
        self.init(
            id: id, name: table.name,
            keyColumns: try table.keyColumns.map { KeyColumn(name: $0.name, type: try valueType($0.type)) },
            shardColumnCount: Int(table.shardColumns), stateFields: [], aggregates: [],
            columns: try table.columns.map {
                TableColumn(number: Int($0.number), name: $0.name, type: try valueType($0.type))
            },
            nextFieldNumber: 0, source: .loads, sql: table.sql, versions: [], servingVersion: 0, nextVersion: 0)
    }
}
