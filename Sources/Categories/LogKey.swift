internal import Bytes

/// Names and keys in the log's store.
///
/// Families are named `c<category>.s<span>`. In each, one byte tells two kinds of rows apart: the span's header, and the
/// record batches by bucket (u32) and offset of the first record (u64), both big-endian, so that they lie in order.
enum LogKey {
    static let spanHeader: [UInt8] = [0]
    private static let batch: UInt8 = 1

    static func batch(_ bucket: Int, _ offset: Int64) -> [UInt8] {
        var writer = ByteWriter(capacity: 13)
        writer.append(batch)
        writer.append(bigEndian: UInt32(clamping: bucket))
        writer.append(bigEndian: UInt64(clamping: offset))
        return writer.bytes
    }

    /// The bucket and the offset in a batch's key; nil for another key.
    static func parse(_ key: UnsafeRawBufferPointer) -> (bucket: Int, offset: Int64)? {
        var reader = ByteReader(key)
        guard key.count == 13, (try? reader.readByte()) == batch, let bucket = try? reader.readBigEndian(UInt32.self),
            let word = try? reader.readBigEndian(UInt64.self), let offset = Int64(exactly: word)
        else { return nil }
        return (Int(bucket), offset)
    }

    static func family(category: UInt32, span: UInt64) -> String { "c\(category).s\(span)" }

    static func parse(family name: String) -> (category: UInt32, span: UInt64)? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].first == "c", parts[1].first == "s",
            let category = UInt32(parts[0].dropFirst()), let span = UInt64(parts[1].dropFirst())
        else { return nil }
        return (category, span)
    }
}
