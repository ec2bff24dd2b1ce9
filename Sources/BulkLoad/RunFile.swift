internal import Bytes
internal import Foundation

// A run holds sorted rows of a build that did not fit in memory, shard after shard, each shard a section with a checksum of its
// own. What is in which section stands in the build's journal. Runs are not synced: after a power loss their checksums say so.

/// The rows of one shard in a run.
struct RunSection: Codable, Hashable, Sendable {
    var shard: Int
    var offset: Int64
    var bytes: Int64
    var xxh3: Checksum
}

struct RunWriter {
    private let file: OutputFile
    private(set) var sections: [RunSection] = []
    private var offset: Int64 = 0

    init(path: String) throws(BulkLoadError) {
        file = try OutputFile(path: path)
    }

    /// Writes one section. `rows` is called with what takes the rows, in ascending order.
    mutating func writeSection(
        shard: Int,
        _ rows: ((UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(BulkLoadError) -> Void)
            throws(BulkLoadError) -> Void
    ) throws(BulkLoadError) {
        let start = offset
        var hash = XXH3Stream()
        let row = GrowingBytes()
        var end = start
        try rows { key, value throws(BulkLoadError) in
            row.removeAll()
            row.append(varint: key.count)
            row.append(varint: value.count)
            row.append(key)
            row.append(value)
            hash.update(row.bytes)
            try file.append(row.bytes)
            end += Int64(row.bytes.count)
        }
        offset = end
        if end > start {
            sections.append(
                RunSection(shard: shard, offset: start, bytes: end - start, xxh3: Checksum(hash.digest)))
        }
    }

    func finish() throws(BulkLoadError) {
        try file.finish()
    }
}

/// A run that is being read.
final class RunFile: Sendable {
    let path: String
    private let descriptor: Int32

    init(path: String) throws(BulkLoadError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw BulkLoadError(system: errno, "opening \(path)") }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    var damaged: BulkLoadError {
        BulkLoadError(.corrupt, "\(path), which the build wrote itself, is damaged; build again")
    }

    /// Reads exactly as much as `buffer` takes.
    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(BulkLoadError) {
        var done = 0
        while done < buffer.count {
            let count = pread(
                descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset) + off_t(done))
            if count < 0 {
                if errno == EINTR { continue }
                throw BulkLoadError(system: errno, "reading \(path)")
            }
            if count == 0 { throw damaged }
            done += count
        }
    }
}

/// Walks one section of a run.
final class RunCursor: RowCursor {
    private let file: RunFile
    private let section: RunSection
    private var hash = XXH3Stream()
    private var buffer: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0
    /// Of the section, in the buffer or before it.
    private var bytesRead: Int64 = 0

    init(_ file: RunFile, _ section: RunSection, bufferBytes: Int) {
        self.file = file
        self.section = section
        buffer = .allocate(byteCount: Int(min(Int64(bufferBytes), section.bytes)), alignment: 8)
    }

    deinit {
        buffer.deallocate()
    }

    override func advance() throws(BulkLoadError) -> Bool {
        while true {
            if let size = take(UnsafeRawBufferPointer(rebasing: buffer[start..<end])) {
                start += size
                return true
            }
            if bytesRead == section.bytes {
                guard start == end, Checksum(hash.digest) == section.xxh3 else { throw file.damaged }
                return false
            }
            try fill()
        }
    }

    /// nil where the buffer ends inside the row.
    private func take(_ bytes: UnsafeRawBufferPointer) -> Int? {
        do throws(BytesError) {
            var reader = ByteReader(bytes)
            let keyBytes = Int(clamping: try reader.readVarint())
            let valueBytes = Int(clamping: try reader.readVarint())
            guard keyBytes >= 2 else { return nil }
            key = try reader.readBytes(keyBytes)
            value = try reader.readBytes(valueBytes)
            return reader.position
        } catch {
            return nil
        }
    }

    private func fill() throws(BulkLoadError) {
        let kept = end - start
        if kept == buffer.count {
            // A row that is longer than the buffer; what is damaged ends at the section's end.
            let larger = UnsafeMutableRawBufferPointer.allocate(
                byteCount: Int(min(Int64(buffer.count) * 2, section.bytes)), alignment: 8)
            if larger.count == kept {
                larger.deallocate()
                throw file.damaged
            }
            larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
            buffer.deallocate()
            buffer = larger
        } else if start > 0 {
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
        }
        start = 0
        end = kept
        let count = Int(min(Int64(buffer.count - kept), section.bytes - bytesRead))
        let fresh = UnsafeMutableRawBufferPointer(rebasing: buffer[kept..<kept + count])
        try file.read(at: section.offset + bytesRead, into: fresh)
        hash.update(UnsafeRawBufferPointer(fresh))
        bytesRead += Int64(count)
        end = kept + count
    }
}
