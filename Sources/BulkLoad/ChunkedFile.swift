internal import Bytes

#if canImport(Glibc)
    internal import Glibc
#endif

/// Reads a file front to back through one buffer, decompressed where that is asked for, and hashes what it read of the file.
///
/// What is not consumed of a chunk stands at the beginning of the next, so that a record is whole in one of them.
final class ChunkedFile {
    /// A record beyond this is a file with a quote that nobody closed, or no text.
    static let greatestRecordBytes = 256 << 20

    let path: String
    private let descriptor: Int32
    private var buffer: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0
    private var hash = XXH3Stream()
    private let inflated: InflatedStream?
    /// Whether `bytes` is the file's end.
    private(set) var isAtEnd = false
    /// Of the file, compressed or not.
    private(set) var bytesRead: Int64 = 0

    /// `-` is standard input.
    init(
        path: String, compression: SourceCompression? = nil, bufferBytes: Int = 1 << 20
    ) throws(BulkLoadError) {
        self.path = path == "-" ? "standard input" : path
        inflated = try compression.map { compression throws(BulkLoadError) in
            try InflatedStream(compression, path: path)
        }
        descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        buffer = .allocate(byteCount: bufferBytes, alignment: 16)
        if descriptor < 0 { throw BulkLoadError(system: errno, "opening \(path)", code: .unreadableSource) }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        buffer.deallocate()
    }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[start..<end]) }

    /// Of all that was read so far.
    var checksum: Checksum { Checksum(hash.digest) }

    func consume(_ count: Int) {
        start += count
    }

    /// Reads on until the buffer is full or the file ends; makes room first, for a record that fills the buffer too.
    func fill() throws(BulkLoadError) {
        if isAtEnd { return }
        let kept = end - start
        if kept == buffer.count { try grow() }
        if start > 0 {
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
            start = 0
            end = kept
        }
        while end < buffer.count {
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer[end...])
            let count =
                if let inflated {
                    try inflated.read(into: room) { room throws(BulkLoadError) in try readFile(into: room) }
                } else {
                    try readFile(into: room)
                }
            if count == 0 {
                isAtEnd = true
                return
            }
            end += count
        }
    }

    private func readFile(into room: UnsafeMutableRawBufferPointer) throws(BulkLoadError) -> Int {
        while true {
            let count = read(descriptor, room.baseAddress, room.count)
            if count >= 0 {
                hash.update(UnsafeRawBufferPointer(rebasing: room[..<count]))
                bytesRead += Int64(count)
                return count
            }
            if errno != EINTR {
                throw BulkLoadError(system: errno, "reading \(path)", code: .unreadableSource)
            }
        }
    }

    private func grow() throws(BulkLoadError) {
        guard buffer.count < Self.greatestRecordBytes else {
            throw BulkLoadError(
                .malformedSource, "\(path) has a record of more than \(Self.greatestRecordBytes >> 20) MiB")
        }
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: buffer.count * 2, alignment: 16)
        larger.copyMemory(from: UnsafeRawBufferPointer(buffer))
        buffer.deallocate()
        buffer = larger
    }

    /// Size and checksum of a whole file.
    static func measure(_ path: String) throws(BulkLoadError) -> (bytes: Int64, xxh3: Checksum) {
        let file = try ChunkedFile(path: path)
        while !file.isAtEnd {
            try file.fill()
            file.consume(file.bytes.count)
        }
        return (file.bytesRead, file.checksum)
    }
}

extension BulkLoadError {
    init(system error: Int32, _ doing: String, code: Code = .storage) {
        let reason = String(cString: strerror(error))
        self.init(error == ENOSPC || error == EDQUOT ? .diskFull : code, "\(doing): \(reason)")
    }
}
