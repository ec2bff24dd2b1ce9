internal import Bytes

/// Where a scan goes on: behind the last key of the page before, in the version that its first page read. Versions may be
/// switched in between: the one that the scan began on stays as a standby for some time, and where it is gone the scan ends with an
/// error, for its pages would no longer be of one version.
///
/// Opaque to clients: byte format 2, byte direction, varint table id, varint version, then the tuple.
struct ScanContinuation {
    private static let format: UInt8 = 2

    let table: UInt32
    let version: UInt32
    let isReversed: Bool
    let tuple: [UInt8]

    init(table: UInt32, version: UInt32, isReversed: Bool, tuple: [UInt8]) {
        self.table = table
        self.version = version
        self.isReversed = isReversed
        self.tuple = tuple
    }

    /// nil where the bytes are no continuation.
    init?(_ bytes: [UInt8]) {
        let read = bytes.withUnsafeBytes { bytes -> ScanContinuation? in
            var reader = ByteReader(bytes)
            guard let format = try? reader.readByte(), format == Self.format,
                let direction = try? reader.readByte(), direction <= 1,
                let table = try? reader.readVarint(), let table = UInt32(exactly: table),
                let version = try? reader.readVarint(), let version = UInt32(exactly: version)
            else { return nil }
            return ScanContinuation(
                table: table, version: version, isReversed: direction == 1, tuple: [UInt8](reader.rest))
        }
        guard let read else { return nil }
        self = read
    }

    var bytes: [UInt8] {
        var writer = ByteWriter(capacity: tuple.count + 12)
        writer.append(Self.format)
        writer.append(isReversed ? 1 : 0)
        writer.append(varint: UInt64(table))
        writer.append(varint: UInt64(version))
        writer.append(contentsOf: tuple)
        return writer.bytes
    }
}
