internal import BulkLoad
internal import Bytes
internal import Catalog
internal import Foundation
internal import MaserClient
internal import RPC

/// A load from its files to the version that they became.
struct LoadRun: Sendable {
    var paths: [String]
    var nullText: String?
    var columnNames: [String: String] = [:]
    var joined: [String] = []
    var memoryBytes = 1 << 30
    /// What `maser build-version` left, in place of files.
    var builtFolder: String?
    var workFolder: String?
    var isForced = false
    var isAgain = false

    /// `cut` is asked for once it is known what feeds the table.
    func run(
        _ table: String, _ client: Client, cut: (LoadDescriptor) throws -> Cut? = { _ in nil }, live: String = ""
    ) async throws -> LoadedVersion {
        let descriptor = try LoadDescriptor(decoding: try await client.loadDescriptor(of: table))
        if let builtFolder {
            let built = try BuiltVersion(folder: builtFolder)
            return try await adopt(built, client, live)
        }
        let cut = try cut(descriptor)
        let folder = buildFolder(for: descriptor, cut)
        let (built, warnings) = try build(descriptor, cut, in: folder)
        var loaded = try await adopt(built, client, live)
        loaded.warnings = warnings + loaded.warnings
        try? FileManager.default.removeItem(atPath: folder)
        return loaded
    }

    /// What was built, and what people should know of its files.
    func build(_ descriptor: LoadDescriptor, _ cut: Cut?, in folder: String) throws -> (BuiltVersion, [String]) {
        let progress = ProgressBar("building")
        defer { progress.finish() }
        let builder = VersionBuilder(
            descriptor: descriptor, sources: try SourceFiles(paths), nullText: nullText, columnNames: columnNames,
            cut: cut, folder: folder, memoryBytes: memoryBytes)
        do {
            let built = try builder.build { progress.show($0.fraction, "\(HumanText.count($0.rows)) rows") }
            return (built, builder.warnings.messages)
        } catch {
            if error.code != .busy { removeIfNothingIsLeft(folder) }
            throw error
        }
    }

    /// A build that cannot go on has only its lock left.
    private func removeIfNothingIsLeft(_ folder: String) {
        guard let left = try? FileManager.default.contentsOfDirectory(atPath: folder), left.allSatisfy({ $0 == "lock" })
        else { return }
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func adopt(_ built: BuiltVersion, _ client: Client, _ live: String) async throws -> LoadedVersion {
        let uploader = LoadUploader(
            client: client, built: built, isForced: isForced, isAgain: isAgain, live: live,
            continuesFormer: builtFolder == nil)
        let finished = try await uploader.run()
        var loaded = LoadedVersion(finished, built.manifest)
        if finished.state == "building" {
            let version = try await waitUntilBuilt(client, built.manifest.table.name, finished.version)
            loaded.state = version.state
            loaded.checks = version.checks
        }
        return loaded
    }

    /// Below `workFolder`, or the user's caches; the same for the same table, files and cut, so that a second call finds what
    /// the first has done.
    private func buildFolder(for descriptor: LoadDescriptor, _ cut: Cut?) -> String {
        let table = descriptor.table
        let files = paths.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
        let hash = xxh3([UInt8]((["\(table.id) \(cut.map { "\($0)" } ?? "")"] + files).joined(separator: "\n").utf8))
        return (workFolder ?? cacheFolder) + "/maser-\(table.name)-\(String(hash, radix: 16))"
    }
}

extension BuildProgress {
    /// Of the whole build; reading takes the longer part.
    fileprivate var fraction: Double {
        let share = Double(done) / Double(max(total, 1))
        return phase == .reading ? share * 0.7 : 0.7 + share * 0.3
    }
}

private var cacheFolder: String {
    let caches = FileManager.default.urls(for: .cachesDirectory, in: .userDomainMask).first
    return (caches ?? FileManager.default.temporaryDirectory).appendingPathComponent("maser/loads").path
}
