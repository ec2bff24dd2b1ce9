internal import Dispatch
internal import Foundation
internal import Synchronization

/// What tells whether a file was changed.
struct FileIdentity: Hashable, Sendable {
    var bytes: Int64
    var number: UInt64
    var modifiedSeconds: Int
    var modifiedNanoseconds: Int

    init(path: String) throws(BulkLoadError) {
        var status = stat()
        if stat(path, &status) != 0 {
            throw BulkLoadError(system: errno, "reading \(path)", code: .unreadableSource)
        }
        bytes = Int64(status.st_size)
        number = UInt64(status.st_ino)
        modifiedSeconds = status.st_mtim.tv_sec
        modifiedNanoseconds = status.st_mtim.tv_nsec
    }
}

/// Size and checksum of a whole file, beside whoever reads it here and there: its pages are read from the disk once.
final class BackgroundMeasure: Sendable {
    private let result = Mutex<Result<(bytes: Int64, xxh3: Checksum), BulkLoadError>?>(nil)
    private let isDone = DispatchSemaphore(value: 0)

    init(path: String) {
        DispatchQueue.global().async { [self] in
            do throws(BulkLoadError) {
                let measured = try ChunkedFile.measure(path)
                result.withLock { $0 = .success(measured) }
            } catch {
                result.withLock { $0 = .failure(error) }
            }
            isDone.signal()
        }
    }

    func wait() throws(BulkLoadError) -> (bytes: Int64, xxh3: Checksum) {
        isDone.wait()
        guard let result = result.withLock({ $0 }) else {
            throw BulkLoadError(.storage, "a checksum was not taken")
        }
        return try result.get()
    }
}
