import BulkLoad
import Bytes
import Catalog
import Foundation
import Records
import Tables

/// A folder for one test, with a catalog and a table store in it on demand.
final class LoadFixture {
    let folder: String

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("maser-load-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    var work: String { "\(folder)/work" }

    func file(_ name: String, _ text: String) throws -> String {
        try file(name, Array(text.utf8))
    }

    func file(_ name: String, _ bytes: [UInt8]) throws -> String {
        let path = "\(folder)/\(name)"
        try FileManager.default.createDirectory(
            atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    /// What is left in the work folder, besides its lock and what a later build finds it by.
    var workFiles: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: work)) ?? []).filter { $0 != "lock" && $0 != "journal" }
            .sorted()
    }

    static func planes(id: UInt32 = 7, revision: UInt32 = 1) -> TableEntry {
        let columns = [
            TableColumn(number: 1, name: "year", type: .int64), TableColumn(number: 2, name: "speed", type: .double),
            TableColumn(number: 3, name: "model", type: .string),
            TableColumn(number: 4, name: "built", type: .timestamp),
        ]
        return TableEntry(
            id: id, name: "planes", schemaRevision: revision, keyColumns: [KeyColumn(name: "tailnum", type: .string)],
            shardColumnCount: 1,
            stateFields: columns.map { StateField(number: $0.number, name: $0.name, monoid: nil, types: [$0.type]) },
            aggregates: [], columns: columns, nextFieldNumber: 5, source: .loads, sql: "CREATE TABLE planes",
            versions: [], servingVersion: 0, nextVersion: 1)
    }

    static func readings() -> TableEntry {
        TableEntry(
            id: 8, name: "readings",
            keyColumns: [KeyColumn(name: "sensor", type: .int64), KeyColumn(name: "level", type: .double)],
            shardColumnCount: 1,
            stateFields: [StateField(number: 1, name: "value", monoid: nil, types: [.int64])], aggregates: [],
            columns: [TableColumn(number: 1, name: "value", type: .int64)], nextFieldNumber: 2, source: .loads, sql: "",
            versions: [], servingVersion: 0, nextVersion: 1)
    }

    func builder(
        _ paths: [String], table: TableEntry = planes(), null: String? = nil, memoryBytes: Int = 1 << 20,
        fileBytes: Int = 64 << 20
    ) throws -> VersionBuilder {
        VersionBuilder(
            descriptor: LoadDescriptor(table: table, shardCount: 64), sources: try SourceFiles(paths), nullText: null,
            folder: work, memoryBytes: memoryBytes, fileBytes: fileBytes)
    }

    /// Without its lock, for tests that build again in the same folder.
    func built(_ builder: VersionBuilder) throws -> BuiltVersion {
        _ = try builder.build()
        return try BuiltVersion(folder: builder.folder)
    }

    func built(_ paths: [String]) throws -> BuiltVersion { try built(try builder(paths)) }
}

/// A server's side of loads, over a data folder.
final class LoadServer: Sendable {
    let catalog: CatalogStore
    let tables: TableStore
    let intake: LoadIntake
    let folder: String

    init(_ folder: String, table: TableEntry = LoadFixture.planes()) throws {
        self.folder = folder
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        catalog = try CatalogStore(directory: "\(folder)/catalog")
        if catalog.snapshot.table(id: table.id) == nil { try catalog.update { try $0.put(table) } }
        tables = try TableStore(directory: "\(folder)/tables", catalog: catalog, memoryBytes: 32 << 20)
        intake = try LoadIntake(directory: "\(folder)/loads", catalog: catalog.snapshot, now: 0)
    }

    func close() throws {
        try tables.close()
        catalog.close()
    }

    func table(id: UInt32 = 7) throws -> TableEntry {
        guard let table = catalog.snapshot.table(id: id) else { throw NoTable() }
        return table
    }

    struct NoTable: Error {}

    func begin(
        _ built: BuiltVersion, again: Bool = false, now: Int64 = 0
    ) throws -> (load: String, received: [Int64]) {
        try intake.begin(
            manifest: built.manifestBytes, table: try table(id: built.manifest.table.id), shardCount: 64,
            terms: LoadTerms(isAgain: again), now: now)
    }

    /// Uploads what the server does not have yet; stops after `limit` chunks.
    func upload(
        _ built: BuiltVersion, again: Bool = false, chunk: Int = 1000, limit: Int = .max
    ) throws -> String {
        let (load, received) = try begin(built, again: again)
        var chunks = 0
        for (index, path) in built.files.enumerated() {
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            var offset = Int(received[index])
            while offset < bytes.count, chunks < limit {
                let part = Array(bytes[offset..<min(offset + chunk, bytes.count)])
                let here = try part.withUnsafeBytes {
                    try intake.write(load: load, file: index, offset: Int64(offset), data: $0, now: 0)
                }
                offset = Int(here)
                chunks += 1
            }
        }
        return load
    }

    func load(
        _ built: BuiltVersion, again: Bool = false, _ adoption: Adoption = Adoption(now: 1)
    ) throws -> AdoptedVersion {
        try adopt(try upload(built, again: again), adoption)
    }

    func adopt(_ load: String, _ adoption: Adoption = Adoption(now: 1)) throws -> AdoptedVersion {
        let upload = try intake.upload(load)
        try intake.verify(upload)
        return try intake.adopt(upload, into: tables, catalog: catalog, adoption)
    }

    /// The row of a key as values; nil where there is none.
    func row(_ key: [Value], id: UInt32 = 7) throws -> [Value]? {
        let table = try table(id: id)
        var writer = ByteWriter()
        try encodeKey(key, into: &writer)
        let rows = try tables.get(table, keys: [writer.bytes])
        guard rows.isPresent[0] else { return nil }
        let layout = RowLayout(columns: table.columns.map { ($0.number, $0.name, $0.type) })
        return try [UInt8](rows.messages[0]).withUnsafeBytes { try layout.decode($0) }
    }
}
