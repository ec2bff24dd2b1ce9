internal import Foundation

/// The folder in which one build at a time works.
///
/// Whoever holds the lock owns the folder's runs, files and manifest; anything else in it is left alone.
final class WorkFolder {
    static let lockName = "lock"

    let path: String
    private let lock: Int32

    init(path: String) throws(BulkLoadError) {
        self.path = path
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw BulkLoadError(.storage, "making the folder \(path) failed", cause: error)
        }
        lock = open("\(path)/\(Self.lockName)", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        if lock < 0 { throw BulkLoadError(system: errno, "opening \(path)/\(Self.lockName)") }
        if flock(lock, LOCK_EX | LOCK_NB) != 0 {
            throw BulkLoadError(.busy, "another load is at work in \(path)")
        }
    }

    deinit {
        if lock >= 0 { close(lock) }
    }

    /// Removes what builds make. The manifest goes first: without it the rest is nothing.
    func clear() throws(BulkLoadError) {
        for name in [LoadManifest.fileName, BuildJournal.name] + (try names()).filter(Self.isOfBuild)
        where unlink("\(path)/\(name)") != 0 && errno != ENOENT {
            throw BulkLoadError(system: errno, "removing \(path)/\(name)")
        }
    }

    /// Removes the runs and files that no line of a journal names.
    func clear(except kept: Set<String>) throws(BulkLoadError) {
        for name in try names() where Self.isOfBuild(name) && !kept.contains(name) {
            if unlink("\(path)/\(name)") != 0, errno != ENOENT {
                throw BulkLoadError(system: errno, "removing \(path)/\(name)")
            }
        }
    }

    private func names() throws(BulkLoadError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw BulkLoadError(.storage, "reading the folder \(path) failed", cause: error)
        }
    }

    private static func isOfBuild(_ name: String) -> Bool {
        name.hasSuffix(".sst") || name.hasPrefix("run-") || name.hasSuffix(".part")
    }

    /// Writes a file that is there whole or not at all, and stays.
    static func write(_ bytes: [UInt8], to path: String) throws(BulkLoadError) {
        let unfinished = path + ".part"
        let file = try OutputFile(path: unfinished)
        try file.append(bytes)
        try file.finish(sync: true)
        if rename(unfinished, path) != 0 { throw BulkLoadError(system: errno, "renaming \(unfinished)") }
    }
}
