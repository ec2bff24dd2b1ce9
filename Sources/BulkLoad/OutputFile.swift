#if canImport(Glibc)
    internal import Glibc
#endif

/// Writes a new file front to back through a buffer.
final class OutputFile {
    private static let bufferBytes = 1 << 20

    let path: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    init(path: String) throws(BulkLoadError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        if descriptor < 0 { throw BulkLoadError(system: errno, "making \(path)") }
        buffer.reserveCapacity(Self.bufferBytes)
    }

    /// Goes on with a file, at `offset`; what stands behind that goes.
    init(appendingTo path: String, at offset: Int64) throws(BulkLoadError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CLOEXEC)
        if descriptor < 0 { throw BulkLoadError(system: errno, "opening \(path)") }
        if ftruncate(descriptor, off_t(offset)) != 0 || lseek(descriptor, off_t(offset), SEEK_SET) < 0 {
            throw BulkLoadError(system: errno, "opening \(path)")
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(BulkLoadError) {
        if buffer.count + bytes.count > Self.bufferBytes { try flush() }
        if bytes.count >= Self.bufferBytes {
            try Self.write(bytes, to: descriptor, path)
        } else {
            buffer.append(contentsOf: bytes)
        }
    }

    func append(_ bytes: [UInt8]) throws(BulkLoadError) {
        let result = bytes.withUnsafeBytes { bytes -> Result<Void, BulkLoadError> in
            do throws(BulkLoadError) { return .success(try append(bytes)) } catch { return .failure(error) }
        }
        try result.get()
    }

    /// Everything is in the file afterwards; with `sync` on the disk.
    func finish(sync: Bool = false) throws(BulkLoadError) {
        try flush()
        if sync, fsync(descriptor) != 0 { throw BulkLoadError(system: errno, "syncing \(path)") }
    }

    private func flush() throws(BulkLoadError) {
        // Typed throws do not pass through the array's own method.
        let result = buffer.withUnsafeBytes { bytes -> Result<Void, BulkLoadError> in
            do throws(BulkLoadError) {
                return .success(try Self.write(bytes, to: descriptor, path))
            } catch {
                return .failure(error)
            }
        }
        buffer.removeAll(keepingCapacity: true)
        try result.get()
    }

    /// Writes all of `bytes`; at `offset`, or where the file stands.
    static func write(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ path: String, at offset: Int64? = nil
    ) throws(BulkLoadError) {
        var written = 0
        while written < bytes.count {
            let start = bytes.baseAddress.map { $0 + written }
            let count =
                if let offset {
                    pwrite(descriptor, start, bytes.count - written, off_t(offset) + off_t(written))
                } else {
                    Glibc.write(descriptor, start, bytes.count - written)
                }
            if count < 0 {
                if errno == EINTR { continue }
                throw BulkLoadError(system: errno, "writing \(path)")
            }
            written += count
        }
    }
}
