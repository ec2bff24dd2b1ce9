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
    let folder = workFolder ?? defaultWorkFolder(for: table, paths)
    let building = ProgressBar("building")
    defer { building.finish() }
    let builder = VersionBuilder(
        shape: try TableShape(table), sources: try SourceFiles(paths), nullText: nullText, folder: folder)
    let built = try builder.build { progress in
        let share = Double(progress.done) / Double(max(progress.total, 1))
        // Reading is the longer half.
        building.show(
            progress.phase == .reading ? share * 0.7 : 0.7 + share * 0.3, "\(HumanText.count(progress.rows)) rows")
    }
    building.finish()
    let finished = try await upload(built, client)
    try? FileManager.default.removeItem(atPath: folder)
    return LoadedVersion(version: finished.version, rows: finished.rows, duplicates: built.manifest.duplicates)
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

/// The same for the same table and files, so that a second call finds what the first has done.
private func defaultWorkFolder(for table: WireTableDescriptor, _ paths: [String]) -> String {
    let identity = (["\(table.id)"] + paths.map { URL(fileURLWithPath: $0).standardizedFileURL.path }).joined(
        separator: "\n")
    let caches =
        FileManager.default.urls(for: .cachesDirectory, in: .userDomainMask).first
        ?? FileManager.default.temporaryDirectory
    return caches.appendingPathComponent("maser/loads/\(table.name)-\(String(xxh3([UInt8](identity.utf8)), radix: 16))")
        .path
}

extension TableShape {
    fileprivate init(_ table: WireTableDescriptor) throws {
        self.init(
            id: table.id, name: table.name, schemaRevision: table.schemaRevision,
            keyColumns: try table.keyColumns.map { KeyColumn(name: $0.name, type: try valueType($0.type)) },
            columns: try table.columns.map {
                TableColumn(number: Int($0.number), name: $0.name, type: try valueType($0.type))
            },
            shardCount: Int(table.shardCount), shardColumnCount: Int(table.shardColumns))
    }
}
