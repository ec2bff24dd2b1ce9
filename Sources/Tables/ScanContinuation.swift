internal import Bytes

/// Where a scan goes on: behind the last key of the page before. It names no version, so a scan goes on in the next one
/// when versions are switched in between.
///
/// Opaque to clients: byte format 1, byte direction, varint table id, then the tuple.
struct ScanContinuation {
    private static let format: UInt8 = 1

    let table: UInt32
    let isReversed: Bool
    let tuple: [UInt8]

    init(table: UInt32, isReversed: Bool, tuple: [UInt8]) {
        self.table = table
        self.isReversed = isReversed
        self.tuple = tuple
    }

    /// nil where the bytes are no continuation.
    init?(_ bytes: [UInt8]) {
        let read = bytes.withUnsafeBytes { bytes -> ScanContinuation? in
            var reader = ByteReader(bytes)
            guard let format = try? reader.readByte(), format == Self.format,
                let direction = try? reader.readByte(), direction <= 1,
                let table = try? reader.readVarint(), let table = UInt32(exactly: table)
            else { return nil }
            return ScanContinuation(table: table, isReversed: direction == 1, tuple: [UInt8](reader.rest))
        }
        guard let read else { return nil }
        self = read
    }

    var bytes: [UInt8] {
        var writer = ByteWriter(capacity: tuple.count + 8)
        writer.append(Self.format)
        writer.append(isReversed ? 1 : 0)
        writer.append(varint: UInt64(table))
        writer.append(contentsOf: tuple)
        return writer.bytes
    }
}
