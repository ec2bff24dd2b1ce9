internal import Synchronization

/// The schemas that a client knows. Each is fetched once, however many tasks ask at the same time, and again when an
/// answer shows that it has changed.
final class SchemaCache: Sendable {
    private struct Entry {
        var schema: TableSchema?
        var fetch: Task<Result<TableSchema, ClientError>, Never>?
    }

    private let entries = Mutex<[String: Entry]>([:])

    /// `stale`: a schema that an answer has shown to be out of date. `fetch` runs where nobody fetches it already.
    func schema(
        _ table: String, replacing stale: TableSchema? = nil,
        fetch: @escaping @Sendable () async -> Result<TableSchema, ClientError>
    ) async throws(ClientError) -> TableSchema {
        let name = table.lowercased()
        let (known, task) = entries.withLock {
            entries -> (TableSchema?, Task<Result<TableSchema, ClientError>, Never>?) in
            let entry = entries[name] ?? Entry()
            if let schema = entry.schema, stale.map({ !schema.isSame(as: $0) }) ?? true { return (schema, nil) }
            if let task = entry.fetch { return (nil, task) }
            let task = Task {
                let result = await fetch()
                self.finish(name, result)
                return result
            }
            entries[name] = Entry(schema: entry.schema, fetch: task)
            return (nil, task)
        }
        if let known { return known }
        guard let task else { throw ClientError(.protocolViolation, "the schema of \(table) is not known") }
        return try await task.value.get()
    }

    private func finish(_ name: String, _ result: Result<TableSchema, ClientError>) {
        entries.withLock { entries in
            if case .success(let schema) = result {
                entries[name] = Entry(schema: schema, fetch: nil)
            } else {
                entries[name] = nil
            }
        }
    }
}

extension TableSchema {
    /// Whether an answer with this id and revision has rows of this schema.
    func matches(id: UInt32, revision: UInt32) -> Bool { self.id == id && self.revision == revision }

    func isSame(as other: TableSchema) -> Bool { matches(id: other.id, revision: other.revision) }
}
