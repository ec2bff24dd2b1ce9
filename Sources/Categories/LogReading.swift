internal import Records

/// What one read has gathered, and how much more it takes.
struct LogReading {
    private(set) var records = LogRecords()
    /// The offset to go on at.
    private(set) var next: Int64
    private var bytesLeft: Int
    private var recordsLeft: Int

    init(from offset: Int64, maximumRecords: Int, maximumBytes: Int) {
        next = offset
        recordsLeft = maximumRecords
        bytesLeft = maximumBytes
    }

    /// Skipping everything there is would take long.
    private static let greatestSkips = 1000

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

    mutating func take(_ columns: LogBatchColumns, _ header: LogBatchHeader) {
        let bytesBefore = records.keys.arena.count + records.values.arena.count
        let taken = columns.copy(
            from: Int(next - header.baseOffset), maximumRecords: recordsLeft, maximumBytes: bytesLeft, into: &records)
        next += Int64(taken)
        recordsLeft -= taken
        bytesLeft -= records.keys.arena.count + records.values.arena.count - bytesBefore
        // What is left of the batch did not fit.
        if next < header.endOffset { recordsLeft = 0 }
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
