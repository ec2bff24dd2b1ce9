internal import Bytes
internal import Catalog
internal import Records

/// Gathers records of one bucket into one record batch; see Protocols/record-batch.md.
struct LogBatchBuilder {
    /// Batches are decompressed as a whole, so that a reader of few records pays for at most so much.
    static let greatestBytes = 256 << 10
    /// More than fit: each takes four bytes at least.
    static let greatestRecords = greatestBytes / 4
    /// Below it compression costs more than it saves.
    private static let leastCompressedBytes = 256

    private(set) var count = 0
    private var presence: [UInt8] = []
    private var keys = Strings()
    private var values = Strings()
    private var headers = Strings()
    private var hasKeys = false
    private var hasHeaders = false

    private struct Strings {
        var ends: [UInt32] = []
        var bytes = ByteWriter()

        var byteCount: Int { ends.count * 4 + bytes.count }

        mutating func append(_ strings: ByteStrings, _ range: Range<Int>) {
            let start = range.lowerBound == 0 ? 0 : strings.ends[range.lowerBound - 1]
            let shift = bytes.count - start
            for index in range { ends.append(UInt32(strings.ends[index] + shift)) }
            strings.arena.withUnsafeBytes { arena in
                bytes.append(
                    contentsOf: UnsafeRawBufferPointer(rebasing: arena[start..<strings.ends[range.upperBound - 1]]))
            }
        }

        func write(to writer: inout ByteWriter) {
            for end in ends { writer.append(littleEndian: end) }
            writer.append(contentsOf: bytes.bytes)
        }
    }

    var isEmpty: Bool { count == 0 }

    /// Takes records from `first` on until the batch is full, one at least where it is empty; answers how many.
    mutating func append(_ records: BucketRecords, from first: Int) -> Int {
        var end = first
        var bytes = byteCount
        while end < records.count {
            bytes += records.keys.range(at: end).count + records.values.range(at: end).count + 9
            if bytes > Self.greatestBytes && !(isEmpty && end == first) { break }
            end += 1
        }
        guard end > first else { return 0 }
        for index in first..<end {
            presence.append(records.hasKey[index] ? 1 : 0)
            hasKeys = hasKeys || records.hasKey[index]
            append(headers: records.headers.isEmpty ? [] : records.headers[index])
        }
        keys.append(records.keys, first..<end)
        values.append(records.values, first..<end)
        count += end - first
        return end - first
    }

    private mutating func append(headers list: [RecordHeader]) {
        for header in list {
            hasHeaders = true
            headers.bytes.append(lengthPrefixed: [UInt8](header.name.utf8))
            headers.bytes.append(lengthPrefixed: header.value)
        }
        headers.ends.append(UInt32(headers.bytes.count))
    }

    private var byteCount: Int { presence.count + keys.byteCount + values.byteCount + headers.byteCount }

    /// The finished batch.
    func encode(
        baseOffset: Int64, appendTime: Int64, _ compression: Compression, _ compressor: Compressor
    ) -> [UInt8] {
        var columns = ByteWriter(capacity: byteCount + 1)
        columns.append((hasKeys ? LogBatchColumns.keys : 0) | (hasHeaders ? LogBatchColumns.headers : 0))
        values.write(to: &columns)
        if hasKeys {
            columns.append(contentsOf: presence)
            keys.write(to: &columns)
        }
        if hasHeaders { headers.write(to: &columns) }
        var header = LogBatchHeader(
            compression: .none, baseOffset: baseOffset, appendTime: appendTime, recordCount: count,
            columnBytes: columns.count)
        if columns.count >= Self.leastCompressedBytes,
            let (compressed, by) = compressor.compress(columns.bytes, compression)
        {
            header.compression = by
            return header.encode(compressed)
        }
        return header.encode(columns.bytes)
    }
}
