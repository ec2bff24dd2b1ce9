internal import Bytes

/// What stands before the columns of a record batch; see Protocols/record-batch.md.
struct LogBatchHeader {
    static let version: UInt8 = 1
    static let byteCount = 34
    /// Of the columns before compression; what claims more is not a batch.
    static let greatestColumnBytes = 1 << 28

    /// Stored; never renumber.
    enum Compression: UInt8 {
        case none = 0
        case zstd = 1
        case lz4 = 2
    }

    var compression: Compression
    var baseOffset: Int64
    /// Of every record: a batch is what one write appended.
    var appendTime: Int64
    var recordCount: Int
    var columnBytes: Int

    var endOffset: Int64 { baseOffset + Int64(recordCount) }

    /// The batch: header, then columns as they are to be stored.
    func encode(_ columns: [UInt8]) -> [UInt8] {
        var rest = ByteWriter(capacity: LogBatchHeader.byteCount + columns.count)
        rest.append(Self.version)
        rest.append(compression.rawValue)
        rest.append(littleEndian: UInt64(0))
        rest.append(littleEndian: baseOffset)
        rest.append(littleEndian: appendTime)
        rest.append(littleEndian: UInt32(recordCount))
        rest.append(littleEndian: UInt32(columnBytes))
        rest.append(contentsOf: columns)
        var bytes = rest.bytes
        bytes.withUnsafeMutableBytes { bytes in
            let checksum = xxh3(UnsafeRawBufferPointer(rebasing: bytes[Self.checksummed...]))
            bytes.storeBytes(of: checksum.littleEndian, toByteOffset: 2, as: UInt64.self)
        }
        return bytes
    }

    /// Reads and checks the header of a batch that lies at `offset`, and checks the checksum of the whole.
    init(_ batch: UnsafeRawBufferPointer, at offset: Int64) throws(BytesError) {
        var reader = ByteReader(batch)
        let version = try reader.readByte()
        guard version == Self.version else {
            throw BytesError(.malformed, "the record batch has the unknown version \(version)")
        }
        let compression = try reader.readByte()
        let checksum = try reader.readLittleEndian(UInt64.self)
        guard xxh3(reader.rest) == checksum else {
            throw BytesError(.malformed, "the record batch does not match its checksum")
        }
        baseOffset = try reader.readLittleEndian()
        appendTime = try reader.readLittleEndian()
        recordCount = Int(try reader.readLittleEndian(UInt32.self))
        columnBytes = Int(try reader.readLittleEndian(UInt32.self))
        guard let known = Compression(rawValue: compression), recordCount > 0, baseOffset == offset,
            baseOffset >= 0, baseOffset <= .max - Int64(recordCount), columnBytes <= Self.greatestColumnBytes
        else { throw BytesError(.malformed, "the record batch has an impossible header") }
        self.compression = known
    }

    /// As it stands, whether the batch is damaged or not; nil where there is not even a header.
    init?(unchecked batch: UnsafeRawBufferPointer) {
        guard batch.count >= Self.byteCount else { return nil }
        baseOffset = Int64(littleEndian: batch.loadUnaligned(fromByteOffset: 10, as: Int64.self))
        appendTime = Int64(littleEndian: batch.loadUnaligned(fromByteOffset: 18, as: Int64.self))
        recordCount = Int(UInt32(littleEndian: batch.loadUnaligned(fromByteOffset: 26, as: UInt32.self)))
        columnBytes = Int(UInt32(littleEndian: batch.loadUnaligned(fromByteOffset: 30, as: UInt32.self)))
        compression = .none
    }

    init(compression: Compression, baseOffset: Int64, appendTime: Int64, recordCount: Int, columnBytes: Int) {
        self.compression = compression
        self.baseOffset = baseOffset
        self.appendTime = appendTime
        self.recordCount = recordCount
        self.columnBytes = columnBytes
    }

    /// Where the checksummed part begins.
    private static let checksummed = 10
}
