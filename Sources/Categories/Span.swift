internal import Bytes
internal import RocksDB

/// A stretch of a category's log, all buckets together: one column family, dropped as a whole.
struct Span: Sendable {
    /// Rises by one with each span of the category.
    let number: UInt64
    let family: Family
    /// By bucket, where the bucket stood when the span began; a bucket beyond them began at 0.
    let starts: [BucketEnd]
    /// When it began, microseconds since 1970.
    let begunAt: Int64
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
    private static let version: UInt8 = 2
    private static let versionWithoutTime: UInt8 = 1

    static func encode(_ starts: [BucketEnd], begunAt: Int64) -> [UInt8] {
        var writer = ByteWriter()
        writer.append(littleEndian: begunAt)
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

    static func decode(
        _ bytes: UnsafeRawBufferPointer
    ) throws(BytesError) -> (starts: [BucketEnd], begunAt: Int64) {
        var reader = ByteReader(bytes)
        let version = try reader.readByte()
        guard version == Self.version || version == Self.versionWithoutTime else {
            throw BytesError(.malformed, "the span's header has the unknown version \(version)")
        }
        let checksum = try reader.readLittleEndian(UInt64.self)
        guard xxh3(reader.rest) == checksum else {
            throw BytesError(.malformed, "the span's header does not match its checksum")
        }
        var begunAt = version == Self.versionWithoutTime ? 0 : try reader.readLittleEndian(Int64.self)
        let count = try reader.readVarint()
        guard count <= UInt64(reader.remaining / 16) else { throw ByteReader.truncated }
        var starts: [BucketEnd] = []
        for _ in 0..<count {
            starts.append(
                BucketEnd(offset: try reader.readLittleEndian(), appendTime: try reader.readLittleEndian()))
        }
        // Not before the records of the span that it followed.
        for start in starts { begunAt = max(begunAt, start.appendTime) }
        return (starts, begunAt)
    }
}
