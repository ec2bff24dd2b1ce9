internal import Foundation
internal import Glibc

/// The one folder in which a server keeps everything, held by one server at a time.
///
/// The lock is the kernel's (`flock`), so a killed server leaves none behind.
package final class DataFolder: Sendable {
    package let path: String
    private let lockDescriptor: Int32

    package init(path: String) throws(ServerError) {
        self.path = path
        try Self.make(path)
        let lockPath = path + "/lock"
        lockDescriptor = Glibc.open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard lockDescriptor >= 0 else {
            throw ServerError(
                .dataFolder, "cannot write in the data folder \(path): \(String(cString: strerror(errno)))")
        }
        guard flock(lockDescriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(lockDescriptor)
            throw ServerError(
                .dataFolderInUse, "another server is using \(path); stop it first, or give --data another folder")
        }
    }

    /// Step by step, so that the reason is the system's own.
    private static func make(_ path: String) throws(ServerError) {
        var made = path.hasPrefix("/") ? "/" : ""
        for name in path.split(separator: "/") {
            made += name
            guard mkdir(made, 0o755) == 0 || errno == EEXIST else {
                throw ServerError(
                    .dataFolder, "cannot make the data folder \(path): \(made): \(String(cString: strerror(errno)))")
            }
            made += "/"
        }
    }

    deinit {
        close(lockDescriptor)
    }

    /// Makes sure that a power loss leaves the stores where they were made. Each store sees to the names in its own folder;
    /// that of the folder itself is in this one, and this one's in the one above.
    func sync() throws(ServerError) {
        for path in [path, path + "/.."] {
            let folder = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            // The one above may be nobody's business to read, and was not made here then.
            if folder < 0, path != self.path { continue }
            defer { close(folder) }
            guard folder >= 0, fsync(folder) == 0 else {
                throw ServerError(.dataFolder, "cannot sync \(path): \(String(cString: strerror(errno)))")
            }
        }
    }

    package var catalog: String { path + "/catalog" }
    package var tables: String { path + "/tables" }
    package var log: String { path + "/log" }
    package var loads: String { path + "/loads" }
}

/// What the system says of a Foundation error, without its domain and codes.
func reason(_ error: any Error) -> String {
    let error = error as NSError
    if let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError, underlying.domain == NSPOSIXErrorDomain {
        return String(cString: strerror(Int32(underlying.code)))
    }
    return error.localizedDescription
}
