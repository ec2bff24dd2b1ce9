internal import Bytes
internal import Records

/// The columns of a record batch as they are read; see Protocols/record-batch.md.
struct LogBatchColumns {
    /// Bits of the columns' first byte; stored, never renumber.
    static let keys: UInt8 = 1
    static let headers: UInt8 = 2

    private let bytes: UnsafeRawBufferPointer
    private let header: LogBatchHeader
    private let values: Strings
    private let keys: Strings?
    /// Where the byte of the first record stands that says whether it has a key.
    private let presence: Int
    private let headers: Strings?

    /// Ends and arena of one column, by their places in `bytes`.
    private struct Strings {
        let ends: Int
        let arena: Range<Int>
    }

    /// Lends the columns of a checked batch.
    static func withColumns<R>(
        of batch: UnsafeRawBufferPointer, _ header: LogBatchHeader, _ body: (LogBatchColumns) -> R
    ) throws(BytesError) -> R {
        let stored = UnsafeRawBufferPointer(rebasing: batch[LogBatchHeader.byteCount...])
        switch header.compression {
        case .none: return body(try LogBatchColumns(stored, header))
        case .zstd, .lz4:
            guard let columns = Compressor.decompress(stored, count: header.columnBytes, header.compression) else {
                throw BytesError(.malformed, "the record batch does not decompress")
            }
            let result: Result<R, BytesError> = columns.withUnsafeBytes { bytes in
                Result { () throws(BytesError) in body(try LogBatchColumns(bytes, header)) }
            }
            return try result.get()
        }
    }

    private init(_ bytes: UnsafeRawBufferPointer, _ header: LogBatchHeader) throws(BytesError) {
        self.bytes = bytes
        self.header = header
        var reader = ByteReader(bytes)
        let flags = try reader.readByte()
        values = try Self.readStrings(&reader, header.recordCount)
        presence = reader.position
        if flags & Self.keys != 0 {
            _ = try reader.readBytes(header.recordCount)
            keys = try Self.readStrings(&reader, header.recordCount)
        } else {
            keys = nil
        }
        headers = flags & Self.headers != 0 ? try Self.readStrings(&reader, header.recordCount) : nil
        guard reader.isAtEnd else { throw BytesError(.malformed, "the record batch is longer than its columns") }
    }

    private static func readStrings(_ reader: inout ByteReader, _ count: Int) throws(BytesError) -> Strings {
        let ends = reader.position
        let stored = try reader.readBytes(count * 4)
        var last: UInt32 = 0
        for index in 0..<count {
            let end = UInt32(littleEndian: stored.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
            guard end >= last else { throw BytesError(.malformed, "a column of the record batch runs backwards") }
            last = end
        }
        let start = reader.position
        _ = try reader.readBytes(Int(last))
        return Strings(ends: ends, arena: start..<reader.position)
    }

    /// Appends records from `first` on, at most so many, until they hold more than `bytes`; one at least. Answers how many.
    func copy(
        from first: Int, maximumRecords: Int, maximumBytes: Int, into records: inout LogRecords
    ) -> Int {
        var end = first
        let limit = first + min(header.recordCount - first, max(1, maximumRecords))
        var size = 0
        while end < limit {
            size += byteCount(at: end)
            if size > maximumBytes && end > first { break }
            end += 1
        }
        let count = end - first
        records.offsets.append(contentsOf: header.baseOffset + Int64(first)..<header.baseOffset + Int64(end))
        records.appendTimes.append(contentsOf: repeatElement(header.appendTime, count: count))
        copy(values, first..<end, into: &records.values)
        if let keys {
            copy(keys, first..<end, into: &records.keys)
            for index in first..<end { records.hasKey.append(bytes[presence + index] != 0) }
        } else {
            records.keys.ends.append(contentsOf: repeatElement(records.keys.arena.count, count: count))
            records.hasKey.append(contentsOf: repeatElement(false, count: count))
        }
        guard let headers else {
            records.headers.append(contentsOf: repeatElement([], count: count))
            return count
        }
        for index in first..<end { records.headers.append(readHeaders(headers, index)) }
        return count
    }

    private func byteCount(at index: Int) -> Int {
        var count = range(values, index).count
        if let keys { count += range(keys, index).count }
        if let headers { count += range(headers, index).count }
        return count
    }

    private func end(_ strings: Strings, _ index: Int) -> Int {
        Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: strings.ends + index * 4, as: UInt32.self)))
    }

    /// Within the column's arena.
    private func range(_ strings: Strings, _ index: Int) -> Range<Int> {
        (index == 0 ? 0 : end(strings, index - 1))..<end(strings, index)
    }

    private func copy(_ strings: Strings, _ range: Range<Int>, into target: inout ByteStrings) {
        let start = range.lowerBound == 0 ? 0 : end(strings, range.lowerBound - 1)
        let stop = end(strings, range.upperBound - 1)
        let shift = target.arena.count - start
        target.arena.append(
            contentsOf: UnsafeRawBufferPointer(
                rebasing: bytes[strings.arena.lowerBound + start..<strings.arena.lowerBound + stop]))
        target.ends.reserveCapacity(target.ends.count + range.count)
        for index in range { target.ends.append(end(strings, index) + shift) }
    }

    /// A header that cannot be read ends the list: the checksum has spoken for the rest.
    private func readHeaders(_ strings: Strings, _ index: Int) -> [RecordHeader] {
        let place = range(strings, index)
        let start = strings.arena.lowerBound
        var reader = ByteReader(
            UnsafeRawBufferPointer(rebasing: bytes[start + place.lowerBound..<start + place.upperBound]))
        var list: [RecordHeader] = []
        while !reader.isAtEnd, let name = try? reader.readLengthPrefixed(), let value = try? reader.readLengthPrefixed()
        {
            list.append(RecordHeader(name: String(decoding: name, as: UTF8.self), value: [UInt8](value)))
        }
        return list
    }
}
