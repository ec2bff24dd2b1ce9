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
            let built = try BuiltVersion(foundIn: builtFolder)
            // Nobody builds there meanwhile.
            defer { withExtendedLifetime(built) {} }
            return try await adopt(built, client, live)
        }
        let cut = try cut(descriptor)
        let parent = workFolder ?? cacheFolder
        let folder = buildFolder(for: descriptor, cut, below: parent)
        StaleBuilds.remove(below: parent)
        let (built, warnings) = try build(descriptor, cut, in: folder)
        // Its lock goes when the folder has.
        defer { withExtendedLifetime(built) {} }
        var loaded = try await adopt(built, client, live)
        loaded.warnings = warnings + loaded.warnings
        // What has to be loaded again need not be built again.
        if loaded.state == "serving" || loaded.state == "held" { try? FileManager.default.removeItem(atPath: folder) }
        return loaded
    }

    /// What was built, and what people should know of its files.
    func build(_ descriptor: LoadDescriptor, _ cut: Cut?, in folder: String) throws -> (BuiltVersion, [String]) {
        let progress = ProgressBar("building")
        defer { progress.finish() }
        var scratch: ScratchFolder?
        defer { withExtendedLifetime(scratch) {} }
        let joinedTables = try JoinedTables(joined, of: descriptor, nullText: nullText) {
            let folder = try ScratchFolder(below: workFolder)
            scratch = folder
            return folder.path
        }
        let builder = VersionBuilder(
            descriptor: descriptor, sources: try SourceFiles(paths), nullText: nullText, columnNames: columnNames,
            cut: cut, joined: joinedTables, folder: folder, memoryBytes: memoryBytes)
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

    /// The same for the same table, files and cut, so that a second call finds what
    /// the first has done.
    private func buildFolder(for descriptor: LoadDescriptor, _ cut: Cut?, below parent: String) -> String {
        let table = descriptor.table
        let files = paths.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
        let hash = xxh3([UInt8]((["\(table.id) \(cut.map { "\($0)" } ?? "")"] + files).joined(separator: "\n").utf8))
        return "\(parent)/\(StaleBuilds.namePrefix)\(table.name)-\(String(hash, radix: 16))"
    }
}

extension JoinedTables {
    /// Every table that the descriptor's joins, from `given`: `airports=airports.csv`.
    fileprivate init(
        _ given: [String], of descriptor: LoadDescriptor, nullText: String?, folder: () throws -> String
    ) throws {
        var paths: [UInt32: [String]] = [:]
        for text in given {
            guard let (name, path) = BatchSources.named(text) else {
                throw CommandError("--join takes a table and a file, as in --join airports=airports.csv, not \(text)")
            }
            guard let table = descriptor.joined.first(where: { $0.name.lowercased() == name.lowercased() }) else {
                throw CommandError("table \(descriptor.table.name) joins no table \(name)")
            }
            paths[table.id, default: []].append(path)
        }
        let missing = descriptor.joined.filter { paths[$0.id] == nil }.map(\.name).sorted()
        if let name = missing.first {
            throw CommandError(
                "table \(descriptor.table.name) joins \(missing.joined(separator: ", ")): give the rows, "
                    + "as in --join \(name)=\(name).csv")
        }
        if descriptor.joined.isEmpty {
            self.init()
        } else {
            try self.init(
                descriptor.joined.sorted { $0.id < $1.id }.map { ($0, paths[$0.id] ?? []) }, nullText: nullText,
                folder: folder())
        }
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
