internal import Bytes
internal import RocksDB

/// A stretch of a category's log, all buckets together: one column family, dropped as a whole.
struct Span: Sendable {
    /// Rises by one with each span of the category.
    let number: UInt64
    let family: Family
    /// By bucket, where the bucket stood when the span began; a bucket beyond them began at 0.
    let starts: [BucketEnd]
    /// About what it takes on the disk.
    var byteCount: Int

    func start(ofBucket bucket: Int) -> BucketEnd {
        bucket < starts.count ? starts[bucket] : BucketEnd()
    }
}

/// Where a bucket ends.
struct BucketEnd: Hashable, Sendable {
    /// That of the next record.
    var offset: Int64 = 0
    /// Of the last record; append times never fall within a bucket.
    var appendTime: Int64 = 0
}

/// The row that a span begins with. It outlives the spans before it, and so tells where buckets stand of which no record
/// is left.
enum SpanHeader {
    private static let version: UInt8 = 1

    static func encode(_ starts: [BucketEnd]) -> [UInt8] {
        var writer = ByteWriter()
        writer.append(varint: UInt64(starts.count))
        for start in starts {
            writer.append(littleEndian: start.offset)
            writer.append(littleEndian: start.appendTime)
        }
        var header = ByteWriter()
        header.append(version)
        header.append(littleEndian: xxh3(writer.bytes))
        header.append(contentsOf: writer.bytes)
        return header.bytes
    }

    static func decode(_ bytes: UnsafeRawBufferPointer) throws(BytesError) -> [BucketEnd] {
        var reader = ByteReader(bytes)
        let version = try reader.readByte()
        guard version == Self.version else {
            throw BytesError(.malformed, "the span's header has the unknown version \(version)")
        }
        let checksum = try reader.readLittleEndian(UInt64.self)
        guard xxh3(reader.rest) == checksum else {
            throw BytesError(.malformed, "the span's header does not match its checksum")
        }
        let count = try reader.readVarint()
        guard count <= UInt64(reader.remaining / 16) else { throw ByteReader.truncated }
        var starts: [BucketEnd] = []
        for _ in 0..<count {
            starts.append(
                BucketEnd(offset: try reader.readLittleEndian(), appendTime: try reader.readLittleEndian()))
        }
        return starts
    }
}
