internal import Records
internal import Synchronization

/// The wanted columns of a table: how its rows are read, and what the server is asked for.
struct Projection: Sendable {
    let schema: TableSchema
    /// None: all of them.
    let numbers: [UInt32]
}

extension TableSchema {
    /// Of rows with these columns alone, the key's among them in any case; nil: all. Throws `notFound` for a name that the table
    /// does not have.
    func projection(to names: [String]?) throws(ClientError) -> Projection {
        guard let names else { return Projection(schema: self, numbers: []) }
        if let known = projections.withLock({ $0[names] }) { return known }
        var wanted: Set<Int> = []
        for name in names {
            guard let index = index(of: name) else { throw unknownColumn(name) }
            wanted.insert(index - keyColumns.count)
        }
        let fields = layout.fields.enumerated().filter { wanted.contains($0.offset) }.map(\.element)
        let schema = TableSchema(
            id: id, revision: revision, name: self.name, keyColumns: keyColumns, hasPanes: hasPanes,
            layout: RowLayout(columns: fields.map { (number: $0.number, name: $0.name, type: $0.type) }))
        // Whoever wants nothing but the key asks for some one column: none would be all of them.
        let asked = fields.isEmpty ? Array(layout.fields.prefix(1)) : fields
        let projection = Projection(schema: schema, numbers: asked.map { UInt32($0.number) })
        projections.withLock { known in
            if known.count >= Self.greatestProjections { known.removeAll() }
            known[names] = projection
        }
        return projection
    }

    func unknownColumn(_ column: String) -> ClientError {
        ClientError(
            .notFound, "table \(name) has no column \(column); it has \(columnNames.joined(separator: ", "))")
    }

    /// A program asks for a handful of sets of columns.
    private static var greatestProjections: Int { 16 }
}
