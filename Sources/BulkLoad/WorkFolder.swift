internal import Foundation

/// The folder in which one build at a time works.
///
/// Whoever holds the lock owns the folder's runs, files and manifest; anything else in it is left alone.
final class WorkFolder: Sendable {
    private static let unfinishedEnding = ".part"

    let path: String
    let lock: FolderLock

    init(path: String) throws(BulkLoadError) {
        self.path = path
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw BulkLoadError(making: path, error)
        }
        // Before anything is made in it: a refused folder stays one that builds refuse.
        guard try Self.isFree(path) else {
            throw BulkLoadError(
                .wrongPlan, "\(path) has files in it that no build made: give a folder that is empty, or not there")
        }
        lock = try FolderLock(building: path)
    }

    /// Removes what builds make. The manifest goes first: without it the rest is nothing.
    func clear() throws(BulkLoadError) {
        for name in [LoadManifest.fileName, BuildJournal.name] { try remove(name) }
        try clear(except: [])
    }

    /// Removes the runs and files that no line of a journal names.
    func clear(except kept: Set<String>) throws(BulkLoadError) {
        for name in try Self.names(in: path) where Self.isOfBuild(name) && !kept.contains(name) { try remove(name) }
    }

    /// A folder is none that a build made, whatever it is called.
    private func remove(_ name: String) throws(BulkLoadError) {
        if unlink("\(path)/\(name)") != 0, errno != ENOENT, errno != EISDIR {
            throw BulkLoadError(system: errno, "removing \(path)/\(name)")
        }
    }

    /// Whether it is empty, or has the lock of a build before, which stays when the rest goes.
    private static func isFree(_ path: String) throws(BulkLoadError) -> Bool {
        guard try !names(in: path).isEmpty else { return true }
        var lock = stat()
        return lstat("\(path)/\(FolderLock.fileName)", &lock) == 0 && lock.st_mode & S_IFMT == S_IFREG
            && lock.st_size == 0
    }

    private static func names(in path: String) throws(BulkLoadError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw BulkLoadError(.storage, "reading the folder \(path) failed", cause: error)
        }
    }

    /// By exactly how builds name their files: what else is in the folder is somebody's.
    private static func isOfBuild(_ name: String) -> Bool {
        name == LoadManifest.fileName + unfinishedEnding || name.wholeMatch(of: /run-[0-9]+/) != nil
            || name.wholeMatch(of: /r[0-9]+-[0-9]+\.sst/) != nil
    }

    /// Writes a file that is there whole or not at all, and stays.
    static func write(_ bytes: [UInt8], to path: String) throws(BulkLoadError) {
        let unfinished = path + unfinishedEnding
        let file = try OutputFile(path: unfinished)
        try file.append(bytes)
        try file.finish(sync: true)
        if rename(unfinished, path) != 0 { throw BulkLoadError(system: errno, "renaming \(unfinished)") }
    }
}

extension BulkLoadError {
    /// The system's own words where there are some.
    init(making folder: String, _ error: any Error) {
        let reason = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
        guard let reason, reason.domain == NSPOSIXErrorDomain else {
            self.init(.storage, "making the folder \(folder) failed: \(error.localizedDescription)", cause: error)
            return
        }
        self.init(system: Int32(truncatingIfNeeded: reason.code), "making the folder \(folder)")
    }
}
