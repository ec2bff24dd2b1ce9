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
            let first = ends.count
            ends.append(contentsOf: repeatElement(0, count: range.count))
            for index in 0..<range.count {
                ends[first + index] = UInt32(strings.ends[range.lowerBound + index] + shift)
            }
            strings.arena.withUnsafeBytes { arena in
                bytes.append(
                    contentsOf: UnsafeRawBufferPointer(rebasing: arena[start..<strings.ends[range.upperBound - 1]]))
            }
        }

        func write(to writer: inout ByteWriter) {
            ends.map(\.littleEndian).withUnsafeBytes { writer.append(contentsOf: $0) }
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
        if isEmpty && bytes > Self.greatestBytes / 4 { values.bytes.bytes.reserveCapacity(Self.greatestBytes) }
        presence.append(contentsOf: records.hasKey[first..<end].lazy.map { $0 ? 1 : 0 })
        hasKeys = hasKeys || records.hasKey[first..<end].contains(true)
        if !records.headers.isEmpty || hasHeaders { append(headersOf: records, first..<end) }
        keys.append(records.keys, first..<end)
        values.append(records.values, first..<end)
        count += end - first
        return end - first
    }

    private mutating func append(headersOf records: BucketRecords, _ range: Range<Int>) {
        // Nobody before had any.
        headers.ends.append(contentsOf: repeatElement(UInt32(headers.bytes.count), count: count - headers.ends.count))
        for index in range {
            for header in records.headers.isEmpty ? [] : records.headers[index] {
                hasHeaders = true
                headers.bytes.append(lengthPrefixed: [UInt8](header.name.utf8))
                headers.bytes.append(lengthPrefixed: header.value)
            }
            headers.ends.append(UInt32(headers.bytes.count))
        }
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
        let header = LogBatchHeader(
            compression: .none, baseOffset: baseOffset, appendTime: appendTime, recordCount: count,
            columnBytes: columns.count)
        return header.encode(
            columns.bytes, columns.count < Self.leastCompressedBytes ? .none : compression, compressor)
    }
}
