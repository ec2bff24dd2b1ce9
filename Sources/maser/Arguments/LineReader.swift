internal import Foundation

/// Lines of a file or of standard input, a batch at a time, so that files of any size take little memory.
///
/// Empty lines are passed over; a carriage return before a line's end is cut off.
struct LineReader: ~Copyable {
    private static let chunkBytes = 1 << 18

    /// For messages.
    let name: String
    private let descriptor: Int32
    private let closes: Bool
    private var pending: [UInt8] = []
    private var isAtEnd = false
    /// How far the file has been read.
    private(set) var bytesRead = 0
    /// nil where nobody knows, as of a pipe.
    let byteCount: Int?

    init(path: String) throws {
        name = path == "-" ? "standard input" : path
        descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        closes = path != "-"
        guard descriptor >= 0 else { throw CommandError("cannot read \(path): \(String(cString: strerror(errno)))") }
        var status = stat()
        let isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        byteCount = isFile ? Int(status.st_size) : nil
    }

    deinit {
        if closes { close(descriptor) }
    }

    /// The next lines: at most `maximumLines`, and no more once they make `maximumBytes`; none at the end.
    mutating func next(maximumLines: Int, maximumBytes: Int) throws -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var bytes = 0
        var start = 0
        while lines.count < maximumLines, bytes < maximumBytes {
            if let end = pending[start...].firstIndex(of: UInt8(ascii: "\n")) {
                add(pending[start..<end], to: &lines, &bytes)
                start = end + 1
            } else if isAtEnd {
                add(pending[start...], to: &lines, &bytes)
                start = pending.count
                break
            } else {
                // A pipe's lines are sent when they come, not when a batch is full.
                if byteCount == nil, !lines.isEmpty { break }
                pending.removeFirst(start)
                start = 0
                try fill()
            }
        }
        pending.removeFirst(start)
        return lines
    }

    private func add(_ line: ArraySlice<UInt8>, to lines: inout [[UInt8]], _ bytes: inout Int) {
        let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
        if line.isEmpty { return }
        lines.append([UInt8](line))
        bytes += line.count
    }

    private mutating func fill() throws {
        let before = pending.count
        pending.append(contentsOf: repeatElement(0, count: Self.chunkBytes))
        var count: Int
        repeat {
            count = pending.withUnsafeMutableBytes { bytes in
                read(descriptor, bytes.baseAddress.map { $0 + before }, Self.chunkBytes)
            }
        } while count < 0 && errno == EINTR
        guard count >= 0 else { throw CommandError("cannot read \(name): \(String(cString: strerror(errno)))") }
        pending.removeLast(Self.chunkBytes - count)
        bytesRead += count
        isAtEnd = count == 0
    }
}
