#if canImport(Glibc)
    internal import Glibc
#endif

/// Keeps others out of the folder of a build for as long as it lives.
final class FolderLock: Sendable {
    static let fileName = "lock"

    private let descriptor: Int32

    /// For a build, which changes what is there.
    init(building folder: String) throws(BulkLoadError) {
        let path = "\(folder)/\(Self.fileName)"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        if descriptor < 0 { throw BulkLoadError(system: errno, "opening \(path)") }
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            throw BulkLoadError(.busy, "another load is at work in \(folder)")
        }
    }

    /// For those who read what a build has left; there may be several. nil where the folder cannot be written: nobody builds there.
    init?(reading folder: String) throws(BulkLoadError) {
        let path = "\(folder)/\(Self.fileName)"
        let found = open(path, O_RDONLY | O_CLOEXEC)
        descriptor = found >= 0 ? found : open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        if descriptor < 0 { return nil }
        if flock(descriptor, LOCK_SH | LOCK_NB) != 0 {
            throw BulkLoadError(.busy, "a build is at work in \(folder): load its version when it is done")
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }
}
