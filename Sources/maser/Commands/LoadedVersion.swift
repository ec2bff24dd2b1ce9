internal import BulkLoad
internal import Bytes
internal import Catalog
internal import Foundation
internal import MaserClient
internal import RPC

/// What became of a load.
struct LoadedVersion: Sendable {
    var version: UInt32
    var rows: Int64
    /// Rows that a later one with the same key replaced.
    var duplicates: Int64
}

private let chunkBytes = 4 << 20

/// Builds a version of a table out of batch files and uploads it; returns when it serves.
func load(
    _ paths: [String], into table: WireTableDescriptor, nullText: String?, workFolder: String? = nil, _ client: Client
) async throws -> LoadedVersion {
    guard table.source == "loads" else {
        throw CommandError("\(table.name) is filled by app \(table.app), not by loads")
    }
    let folder = buildFolder(for: table, paths, in: workFolder)
    let building = ProgressBar("building")
    defer { building.finish() }
    let builder = VersionBuilder(
        descriptor: try LoadDescriptor(table), sources: try SourceFiles(paths), nullText: nullText, folder: folder)
    let built: BuiltVersion
    do {
        built = try builder.build { building.show($0.fraction, "\(HumanText.count($0.rows)) rows") }
    } catch {
        // Nothing to go on with is left. Where another load is at work, the folder is that one's.
        if error.code != .busy { try? FileManager.default.removeItem(atPath: folder) }
        throw error
    }
    building.finish()
    let finished = try await upload(built, client)
    try? FileManager.default.removeItem(atPath: folder)
    return LoadedVersion(version: finished.version, rows: finished.rows, duplicates: built.manifest.duplicates)
}

extension BuildProgress {
    /// Of the whole build; reading takes the longer part.
    fileprivate var fraction: Double {
        let share = Double(done) / Double(max(total, 1))
        return phase == .reading ? share * 0.7 : 0.7 + share * 0.3
    }
}

private func upload(_ built: BuiltVersion, _ client: Client) async throws -> WireFinishLoadResponse {
    let progress = ProgressBar("uploading")
    defer { progress.finish() }
    let begun = try await client.beginLoad(manifest: built.manifestBytes)
    let total = built.manifest.bytes
    var done: Int64 = 0
    for (index, path) in built.files.enumerated() {
        let size = built.manifest.files[index].bytes
        var offset = index < begun.received.count ? begun.received[index] : 0
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? file.close() }
        try file.seek(toOffset: UInt64(offset))
        while offset < size {
            guard let data = try file.read(upToCount: chunkBytes), !data.isEmpty else {
                throw CommandError("\(path) ended at byte \(offset) of \(size): something else has changed it")
            }
            offset = try await client.upload(load: begun.load, file: UInt32(index), offset: offset, data: data)
            try file.seek(toOffset: UInt64(offset))
            progress.show(Double(done + offset) / Double(max(total, 1)), HumanText.bytes(done + offset))
        }
        done += size
    }
    return try await client.finishLoad(begun.load)
}

/// Below `workFolder`, or the user's caches; the same for the same table and files, so that a second call finds what the
/// first has done.
private func buildFolder(for table: WireTableDescriptor, _ paths: [String], in workFolder: String?) -> String {
    let files = paths.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
    let hash = xxh3([UInt8]((["\(table.id)"] + files).joined(separator: "\n").utf8))
    return (workFolder ?? cacheFolder) + "/maser-\(table.name)-\(String(hash, radix: 16))"
}

private var cacheFolder: String {
    let caches = FileManager.default.urls(for: .cachesDirectory, in: .userDomainMask).first
    return (caches ?? FileManager.default.temporaryDirectory).appendingPathComponent("maser/loads").path
}

extension LoadDescriptor {
    fileprivate init(_ table: WireTableDescriptor) throws {
        let entry = TableEntry(
            id: table.id, name: table.name, schemaRevision: table.schemaRevision,
            keyColumns: try table.keyColumns.map { KeyColumn(name: $0.name, type: try valueType($0.type)) },
            shardColumnCount: Int(table.shardColumns), stateFields: [], aggregates: [],
            columns: try table.columns.map {
                TableColumn(number: Int($0.number), name: $0.name, type: try valueType($0.type))
            },
            nextFieldNumber: 0, source: .loads, sql: "", versions: [], servingVersion: 0, nextVersion: 0)
        self.init(table: entry, shardCount: Int(table.shardCount))
    }
}
