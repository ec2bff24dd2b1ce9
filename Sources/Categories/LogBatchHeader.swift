internal import Bytes
internal import Catalog

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

    /// The batch: header, then columns, compressed where that makes them smaller.
    func encode(_ columns: [UInt8], _ wanted: Catalog.Compression, _ compressor: Compressor) -> [UInt8] {
        let capacity = Self.byteCount + columns.count
        return [UInt8](unsafeUninitializedCapacity: capacity) { bytes, count in
            let batch = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(bytes)[..<capacity])
            let room = UnsafeMutableRawBufferPointer(rebasing: batch[Self.byteCount...])
            var header = self
            columns.withUnsafeBytes { columns in
                if let (size, by) = compressor.compress(columns, into: room, wanted) {
                    header.compression = by
                    count = Self.byteCount + size
                } else {
                    header.compression = .none
                    room.copyMemory(from: columns)
                    count = capacity
                }
            }
            header.write(to: UnsafeMutableRawBufferPointer(rebasing: batch[..<count]))
        }
    }

    /// Before the columns that stand in `batch` already.
    private func write(to batch: UnsafeMutableRawBufferPointer) {
        batch.storeBytes(of: Self.version, toByteOffset: 0, as: UInt8.self)
        batch.storeBytes(of: compression.rawValue, toByteOffset: 1, as: UInt8.self)
        batch.storeBytes(of: baseOffset.littleEndian, toByteOffset: 10, as: Int64.self)
        batch.storeBytes(of: appendTime.littleEndian, toByteOffset: 18, as: Int64.self)
        batch.storeBytes(of: UInt32(recordCount).littleEndian, toByteOffset: 26, as: UInt32.self)
        batch.storeBytes(of: UInt32(columnBytes).littleEndian, toByteOffset: 30, as: UInt32.self)
        let checksum = xxh3(UnsafeRawBufferPointer(rebasing: batch[Self.checksummed...]))
        batch.storeBytes(of: checksum.littleEndian, toByteOffset: 2, as: UInt64.self)
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
