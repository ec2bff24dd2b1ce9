internal import Bytes
internal import Records

/// What one read has gathered, and how much more it takes.
struct LogReading {
    private(set) var records = LogRecords()
    /// The offset to go on at.
    private(set) var next: Int64
    private var bytesLeft: Int
    private var recordsLeft: Int
    private let end: Int64
    private let room = DecompressionRoom()

    init(from offset: Int64, to end: Int64, maximumRecords: Int, maximumBytes: Int) {
        next = offset
        self.end = end
        recordsLeft = maximumRecords
        bytesLeft = maximumBytes
    }

    /// Skipping everything there is would take long.
    private static let greatestSkips = 1000

    /// Readers may ask for more than there ever is.
    private static let greatestReserve = 16384

    var isFull: Bool {
        (records.count > 0 && (bytesLeft <= 0 || recordsLeft <= 0)) || records.skipped.count >= Self.greatestSkips
    }

    var finished: LogRecords {
        var records = records
        records.nextOffset = next
        return records
    }

    /// Taking a part of a record batch means to decompress the whole once more for the next reader: once half of what
    /// was asked for is there, only whole batches are taken.
    mutating func stops(before header: LogBatchHeader) -> Bool {
        guard records.count >= recordsLeft && header.recordCount > recordsLeft else { return false }
        recordsLeft = 0
        return true
    }

    /// `batch` is one with that header.
    mutating func take(_ batch: UnsafeRawBufferPointer, _ header: LogBatchHeader) throws(BytesError) {
        let columns = try LogBatchColumns(of: batch, header, decompressingInto: room)
        if records.count == 0 { reserve(header) }
        let bytesBefore = records.keys.arena.count + records.values.arena.count
        let taken = columns.copy(
            from: Int(next - header.baseOffset), maximumRecords: recordsLeft, maximumBytes: bytesLeft, into: &records)
        next += Int64(taken)
        recordsLeft -= taken
        bytesLeft -= records.keys.arena.count + records.values.arena.count - bytesBefore
        // What is left of the batch did not fit.
        if next < header.endOffset { recordsLeft = 0 }
    }

    /// For records like those of the first batch, so that nothing has to grow and be copied.
    private mutating func reserve(_ header: LogBatchHeader) {
        let count = min(recordsLeft, Int(clamping: end - next), Self.greatestReserve)
        records.reserve(count, valueBytes: min(bytesLeft, header.columnBytes / header.recordCount * count))
    }

    mutating func skip(_ damage: Range<Int64>) {
        if let last = records.skipped.last, last.upperBound == damage.lowerBound {
            records.skipped[records.skipped.count - 1] = last.lowerBound..<damage.upperBound
        } else {
            records.skipped.append(damage)
        }
        next = damage.upperBound
    }
}
