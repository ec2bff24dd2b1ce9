internal import Records

/// The lines of a chunk of text that are not empty, without the carriage returns before their ends.
struct LineChunk {
    var values = ByteStrings()
    /// Of each value, from 1.
    var lines: [Int] = []
    var nextLine: Int
    /// Bytes of the chunk.
    var taken = 0

    /// What a chunk that is not `isFinal` has of a last line is not taken. A line of blanks counts as empty where `skipsBlank`
    /// says so.
    init(_ bytes: UnsafeRawBufferPointer, isFinal: Bool, firstLine: Int, skipsBlank: Bool) {
        nextLine = firstLine
        values.arena.reserveCapacity(bytes.count)
        while taken < bytes.count {
            let newline = bytes[taken...].firstIndex(of: UInt8(ascii: "\n"))
            guard let end = newline ?? (isFinal ? bytes.count : nil) else { return }
            var text = UnsafeRawBufferPointer(rebasing: bytes[taken..<end])
            if text.last == UInt8(ascii: "\r") { text = UnsafeRawBufferPointer(rebasing: text.dropLast()) }
            if !(skipsBlank ? text.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d } : text.isEmpty) {
                values.append(text)
                lines.append(nextLine)
            }
            nextLine += 1
            taken = newline == nil ? end : end + 1
        }
    }
}

extension LineChunk {
    /// Reads a file, by its name's ending through gzip or zstd, or standard input where the path is `-`, chunk by chunk. `body` is given the name for messages and the
    /// bytes read so far; chunks without lines are passed over. `skipsFirst`: the first line is no value.
    static func read(
        _ path: String, skipsFirst: Bool = false, _ body: (LineChunk, String, Int64) throws -> Void
    ) throws {
        let file = try ChunkedFile(path: path, compression: SourceCompression(path: path))
        try file.fill()
        if file.bytes.starts(with: [0xef, 0xbb, 0xbf]) { file.consume(3) }
        var line = 1
        while true {
            let isLast = file.isAtEnd
            var chunk = LineChunk(file.bytes, isFinal: isLast, firstLine: line, skipsBlank: false)
            line = chunk.nextLine
            file.consume(chunk.taken)
            if skipsFirst, chunk.lines.first == 1 { chunk.removeFirst() }
            if chunk.values.count > 0 { try body(chunk, file.path, file.bytesRead) }
            if isLast { return }
            try file.fill()
        }
    }

    private mutating func removeFirst() {
        values = values.gather(Array(1..<values.count))
        lines.removeFirst()
    }
}
