package import Records

/// Records as they are read, as columns. Offsets ascend and may have gaps.
package struct LogRecords: Sendable {
    package internal(set) var offsets: [Int64]
    /// Microseconds since 1970; they never fall.
    package internal(set) var appendTimes: [Int64]
    package internal(set) var keys: ByteStrings
    /// false: the record has no key, which an empty one is not.
    package internal(set) var hasKey: [Bool]
    package internal(set) var values: ByteStrings
    /// Of the first records; none of those after them has any.
    var headers: [[RecordHeader]]

    /// Ranges of offsets that could not be read, and were passed over.
    package internal(set) var skipped: [Range<Int64>] = []
    /// Where to read on.
    package internal(set) var nextOffset: Int64

    package init(
        offsets: [Int64] = [], appendTimes: [Int64] = [], keys: ByteStrings = ByteStrings(), hasKey: [Bool] = [],
        values: ByteStrings = ByteStrings(), headers: [[RecordHeader]] = []
    ) {
        self.offsets = offsets
        self.appendTimes = appendTimes
        self.keys = keys
        self.hasKey = hasKey
        self.values = values
        self.headers = headers
        nextOffset = offsets.last.map { $0 + 1 } ?? 0
    }

    package var count: Int { offsets.count }

    package func headers(of index: Int) -> [RecordHeader] {
        index < headers.count ? headers[index] : []
    }

    mutating func reserve(_ count: Int, valueBytes: Int) {
        offsets.reserveCapacity(count)
        appendTimes.reserveCapacity(count)
        keys.ends.reserveCapacity(count)
        hasKey.reserveCapacity(count)
        values.ends.reserveCapacity(count)
        values.arena.reserveCapacity(valueBytes)
    }
}
