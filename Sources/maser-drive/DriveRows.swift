internal import ArgumentParser
internal import Glibc

struct DriveRows: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rows",
        abstract: "Writes the rows to standard output: as CSV, or as commands for redis-cli --pipe.")

    enum Format: String, CaseIterable, ExpressibleByArgument {
        case csv, redis
    }

    @Argument(help: "csv or redis.") var format: Format
    @Option(help: "How many.") var keys = 1_000_000

    func run() throws {
        let writer = KeyWriter()
        let capacity = 1 << 20
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: capacity + 1024, alignment: 8)
        defer { bytes.deallocate() }
        var end = bytes
        func append(_ text: StaticString) {
            memcpy(end, text.utf8Start, text.utf8CodeUnitCount)
            end += text.utf8CodeUnitCount
        }
        if format == .csv { append("key,value\n") }
        for id in 0..<UInt32(keys) {
            if format == .redis { append("*3\r\n$3\r\nSET\r\n$16\r\n") }
            writer.write(id, to: end)
            end += Row.keyBytes
            if format == .redis { append("\r\n$100\r\n") } else { append(",") }
            Row.writeValue(of: id, to: end)
            end += Row.valueBytes
            if format == .redis { append("\r\n") } else { append("\n") }
            if end - bytes >= capacity {
                try Self.flush(bytes, end)
                end = bytes
            }
        }
        try Self.flush(bytes, end)
    }

    private static func flush(_ start: UnsafeMutableRawPointer, _ end: UnsafeMutableRawPointer) throws {
        var start = start
        while start < end {
            let count = write(STDOUT_FILENO, start, end - start)
            guard count > 0 else { throw DriveError(system: "write") }
            start += count
        }
    }
}
