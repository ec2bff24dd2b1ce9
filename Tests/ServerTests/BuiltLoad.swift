import Bytes
import Catalog
import Foundation
import Processors
import RPC
import Records
import RocksDB
import Tables
import Testing

@testable import BulkLoad
@testable import Server

/// A version that was built somewhere, as its manifest and files.
struct BuiltLoad: Sendable {
    var manifest: LoadManifest
    var files: [[UInt8]]

    var bytes: [UInt8] { get throws { try manifest.encoded() } }
}

extension ControlPlaneTests.Fixture {
    /// Of a table that a category feeds: what its own plan makes of the records, with a cut.
    func build(_ records: [String], for name: String, cut: Cut? = nil) throws -> BuiltLoad {
        let catalog = engine.catalog.snapshot
        guard var table = catalog.table(named: name), let app = table.app.flatMap({ catalog.app(named: $0) }),
            let input = app.input(of: table)
        else { throw NoTable() }
        table.versions = [VersionEntry(number: 1, createdAt: 0, origin: "")]
        table.servingVersion = 1
        let run = try BatchRun(inputs: [input], tables: [table], shardCount: catalog.shardCount)
        var values = ByteStrings()
        for record in records { values.append(Array(record.utf8)) }
        _ = try run.apply(values, to: [input.name], file: 0, firstRow: 0)
        var rows: [(key: [UInt8], value: [UInt8])] = []
        for merges in run.takeMerges() {
            for index in 0..<merges.keys.count {
                rows.append(([UInt8](merges.keys[index]), [UInt8](merges.operands[index])))
            }
        }
        return try build(rows.sorted { $0.key.lexicographicallyPrecedes($1.key) }, of: table, cut)
    }

    private func build(
        _ rows: [(key: [UInt8], value: [UInt8])], of table: TableEntry, _ cut: Cut?
    ) throws -> BuiltLoad {
        let shardCount = engine.catalog.snapshot.shardCount
        var manifest = LoadManifest(
            table: table, shardCount: shardCount, sources: [], nullText: nil, cut: cut, files: [],
            shardRows: [Int64](repeating: 0, count: shardCount), shardBytes: [Int64](repeating: 0, count: shardCount),
            nulls: [], samples: [], duplicates: 0, leftOut: 0)
        manifest.sources = [LoadManifest.Source(name: "events.json", bytes: 1, xxh3: Checksum(1), rows: 1)]
        if rows.isEmpty { return BuiltLoad(manifest: manifest, files: []) }
        let path = "\(folder)/\(UUID().uuidString).sst"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let writer = try SSTWriter(path: path, options: TableStore.loadFileOptions)
        for row in rows {
            try writer.put(row.key, row.value)
            manifest.shards.rows[Int(row.key[0]) << 8 | Int(row.key[1])] += 1
        }
        _ = try writer.finish()
        let file = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        manifest.files = [
            LoadManifest.File(
                name: "000001.sst", bytes: Int64(file.count), rows: Int64(rows.count), xxh3: Checksum(xxh3(file)),
                firstShard: 0, lastShard: shardCount - 1)
        ]
        manifest.rows = Int64(rows.count)
        manifest.samples = rows.prefix(4).map { row in
            row.key.withUnsafeBytes {
                LoadManifest.Sample(key: StorageKey.tuple(of: $0), xxh3: Checksum(xxh3(row.value)))
            }
        }
        return BuiltLoad(manifest: manifest, files: [file])
    }

    /// Of a table that only loads fill.
    func build(csv: String, for name: String) throws -> BuiltLoad {
        let catalog = engine.catalog.snapshot
        guard let table = catalog.table(named: name) else { throw NoTable() }
        let work = "\(folder)/\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: work) }
        try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
        try Data(csv.utf8).write(to: URL(fileURLWithPath: "\(work)/rows.csv"))
        let built = try VersionBuilder(
            descriptor: LoadDescriptor(table: table, shardCount: catalog.shardCount),
            sources: try SourceFiles(["\(work)/rows.csv"]), folder: "\(work)/build"
        ).build()
        return BuiltLoad(
            manifest: built.manifest,
            files: try built.files.map { [UInt8](try Data(contentsOf: URL(fileURLWithPath: $0))) })
    }

    func begin(_ built: BuiltLoad, live: String = "", again: Bool = false) throws -> WireBeginLoadResponse {
        var request = WireBeginLoadRequest()
        request.manifest = Data(try built.bytes)
        request.live = live
        request.again = again
        return try ControlPlane(engine).beginLoad(request)
    }

    /// All but the last FinishLoad.
    func upload(_ built: BuiltLoad, live: String = "", again: Bool = false) throws -> String {
        let begun = try begin(built, live: live, again: again)
        for (index, file) in built.files.enumerated() {
            try file.withUnsafeBytes {
                _ = try engine.loads.write(load: begun.load, file: index, offset: 0, data: $0, now: 1)
            }
        }
        return begun.load
    }

    func finish(_ load: String, force: Bool = false) throws -> WireFinishLoadResponse {
        var request = WireFinishLoadRequest()
        request.load = load
        request.force = force
        return try ControlPlane(engine).finishLoad(request)
    }

    func load(
        _ built: BuiltLoad, live: String = "", again: Bool = false, force: Bool = false
    ) throws -> WireFinishLoadResponse {
        try finish(try upload(built, live: live, again: again), force: force)
    }

    func rollback(_ table: String, to version: UInt32 = 0) throws -> WireRollbackResponse {
        var request = WireRollbackRequest()
        request.table = table
        request.version = version
        return try ControlPlane(engine).rollback(request)
    }

    func drop(_ version: UInt32, of table: String) throws {
        var request = WireDropVersionRequest()
        request.table = table
        request.version = version
        _ = try ControlPlane(engine).drop(request)
    }

    /// As `maser cut` prints it.
    func cut(_ category: String, at time: Int64? = nil) throws -> CutFile {
        var request = WireCutRequest()
        request.category = category
        if let time { request.appendTime = time }
        return try CutFile(decoding: [UInt8](try ControlPlane(engine).cut(request).cut))
    }

    func waitUntil(_ table: String, version: UInt32, is state: String) async throws {
        for _ in 0..<4000 {
            if try describe(table).versions.first(where: { $0.number == version })?.state == state { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("version \(version) of \(table) is not \(state): \(try describe(table).versions)")
    }

    /// By key, as text.
    func values(of table: String) throws -> [String: [Value]] {
        Dictionary(uniqueKeysWithValues: try rows(of: table).map { ("\($0.key)", $0.values) })
    }

    func waitFor(_ expected: [String: [Value]], in table: String) async throws {
        for _ in 0..<2000 {
            if try values(of: table) == expected { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("\(table) has \(try values(of: table)), not \(expected)")
    }

    struct NoTable: Error {}
}
