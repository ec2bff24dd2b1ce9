internal import Bytes
internal import Foundation
internal import Records
internal import Synchronization

/// Standard output, in large pieces: a scan prints hundreds of thousands of lines.
final class Output: Sendable {
    static let standard = Output()

    private static let flushBytes = 1 << 16
    private let pending = Mutex(ByteWriter())

    /// Prints a line for a person, or what another program reads.
    func line(_ text: String = "") {
        write { writer in
            writer.append(contentsOf: [UInt8](text.utf8))
        }
    }

    /// Prints one JSON object, its fields in this order.
    func object(_ fields: some Sequence<(name: String, value: Value)>) {
        write { writer in JSONText.append(object: fields, to: &writer) }
    }

    /// Prints one JSON object, its names in snake case.
    func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        let text = try encoder.encode(value)
        write { writer in writer.append(contentsOf: [UInt8](text)) }
    }

    /// Whole lines, as they are.
    func bytes(_ lines: [UInt8]) {
        pending.withLock { writer in
            writer.append(contentsOf: lines)
            if writer.count >= Self.flushBytes { Self.flush(&writer) }
        }
    }

    private func write(_ append: (inout ByteWriter) -> Void) {
        pending.withLock { writer in
            append(&writer)
            writer.append(UInt8(ascii: "\n"))
            if writer.count >= Self.flushBytes { Self.flush(&writer) }
        }
    }

    func flush() {
        pending.withLock { Self.flush(&$0) }
    }

    private static func flush(_ writer: inout ByteWriter) {
        writer.bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Foundation.write(
                    STDOUT_FILENO, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0 && errno == EINTR { continue }
                // Whoever read has gone (`| head`), or the disk is full: nobody is left to tell.
                if count <= 0 { exit(1) }
                rest = rest.dropFirst(count)
            }
        }
        writer.removeAll()
    }
}
