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

    /// The columns of a checked batch. They stand in the batch itself or in `room`, and count as long as nobody touches either.
    init(
        of batch: UnsafeRawBufferPointer, _ header: LogBatchHeader, decompressingInto room: DecompressionRoom
    ) throws(BytesError) {
        let stored = UnsafeRawBufferPointer(rebasing: batch[LogBatchHeader.byteCount...])
        switch header.compression {
        case .none: try self.init(stored, header)
        case .zstd, .lz4:
            let columns = room.bytes(count: header.columnBytes)
            guard Compressor.decompress(stored, into: columns, header.compression) else {
                throw BytesError(.malformed, "the record batch does not decompress")
            }
            try self.init(UnsafeRawBufferPointer(columns), header)
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
        let end = first + min(header.recordCount - first, max(1, maximumRecords))
        let range = first..<(byteCount(first..<end) <= maximumBytes ? end : self.end(first..<end, within: maximumBytes))
        let count = range.count
        records.offsets.append(
            contentsOf: header.baseOffset + Int64(range.lowerBound)..<header.baseOffset + Int64(range.upperBound))
        records.appendTimes.append(contentsOf: repeatElement(header.appendTime, count: count))
        copy(values, range, into: &records.values)
        if let keys {
            copy(keys, range, into: &records.keys)
            let first = records.hasKey.count
            records.hasKey.append(contentsOf: repeatElement(false, count: count))
            records.hasKey.withUnsafeMutableBufferPointer { hasKey in
                for index in 0..<count { hasKey[first + index] = bytes[presence + range.lowerBound + index] != 0 }
            }
        } else {
            records.keys.ends.append(contentsOf: repeatElement(records.keys.arena.count, count: count))
            records.hasKey.append(contentsOf: repeatElement(false, count: count))
        }
        if let headers {
            let before = records.count - count
            records.headers.append(contentsOf: repeatElement([], count: before - records.headers.count))
            for index in range { records.headers.append(readHeaders(headers, index)) }
        }
        return count
    }

    private func byteCount(_ records: Range<Int>) -> Int {
        var count = range(values, records).count
        if let keys { count += range(keys, records).count }
        if let headers { count += range(headers, records).count }
        return count
    }

    /// How far the records go that hold no more; one at least.
    private func end(_ records: Range<Int>, within maximumBytes: Int) -> Int {
        var end = records.lowerBound + 1
        while end < records.upperBound, byteCount(records.lowerBound..<end + 1) <= maximumBytes { end += 1 }
        return end
    }

    private func end(_ strings: Strings, _ index: Int) -> Int {
        Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: strings.ends + index * 4, as: UInt32.self)))
    }

    /// Of these records, within the column's arena.
    private func range(_ strings: Strings, _ records: Range<Int>) -> Range<Int> {
        let start = records.lowerBound == 0 ? 0 : end(strings, records.lowerBound - 1)
        return start..<(records.isEmpty ? start : end(strings, records.upperBound - 1))
    }

    private func copy(_ strings: Strings, _ records: Range<Int>, into target: inout ByteStrings) {
        let place = range(strings, records)
        let shift = target.arena.count - place.lowerBound
        target.arena.append(
            contentsOf: UnsafeRawBufferPointer(
                rebasing: bytes[
                    strings.arena.lowerBound + place.lowerBound..<strings.arena.lowerBound + place.upperBound]))
        let first = target.ends.count
        target.ends.append(contentsOf: repeatElement(0, count: records.count))
        target.ends.withUnsafeMutableBufferPointer { ends in
            for index in 0..<records.count { ends[first + index] = end(strings, records.lowerBound + index) + shift }
        }
    }

    /// A header that cannot be read ends the list: the checksum has spoken for the rest.
    private func readHeaders(_ strings: Strings, _ index: Int) -> [RecordHeader] {
        let place = range(strings, index..<index + 1)
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
