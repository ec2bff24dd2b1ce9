package import Records

package struct RecordHeader: Hashable, Sendable {
    package var name: String
    package var value: [UInt8]

    package init(name: String, value: [UInt8]) {
        self.name = name
        self.value = value
    }
}

/// A record on its way into the log.
package struct NewRecord: Hashable, Sendable {
    package var key: [UInt8]?
    package var value: [UInt8]
    package var headers: [RecordHeader]

    package init(key: [UInt8]? = nil, value: [UInt8], headers: [RecordHeader] = []) {
        self.key = key
        self.value = value
        self.headers = headers
    }
}

/// Records for one bucket, in the order in which they will be read.
package struct BucketRecords: Sendable {
    package let bucket: Int
    package private(set) var keys = ByteStrings()
    /// false: the record has no key, which an empty one is not.
    package private(set) var hasKey: [Bool] = []
    package private(set) var values = ByteStrings()
    /// Of each record; empty where no record has any.
    package private(set) var headers: [[RecordHeader]] = []
    private var headerByteCount = 0

    package init(bucket: Int) {
        self.bucket = bucket
    }

    /// With room for so many bytes of values, in about so many records.
    package init(bucket: Int, recordCapacity: Int, valueCapacity: Int) {
        self.init(bucket: bucket)
        keys.ends.reserveCapacity(recordCapacity)
        hasKey.reserveCapacity(recordCapacity)
        values.ends.reserveCapacity(recordCapacity)
        values.arena.reserveCapacity(valueCapacity)
    }

    package init(bucket: Int, records: [NewRecord]) {
        self.init(bucket: bucket)
        for record in records {
            record.value.withUnsafeBytes { value in
                if let key = record.key {
                    key.withUnsafeBytes { append(key: $0, value: value, headers: record.headers) }
                } else {
                    append(key: nil, value: value, headers: record.headers)
                }
            }
        }
    }

    package mutating func append(
        key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer, headers: [RecordHeader] = []
    ) {
        if !headers.isEmpty {
            while self.headers.count < count { self.headers.append([]) }
            self.headers.append(headers)
            for header in headers { headerByteCount += header.name.utf8.count + header.value.count }
        } else if !self.headers.isEmpty {
            self.headers.append([])
        }
        keys.append(key ?? UnsafeRawBufferPointer(start: nil, count: 0))
        hasKey.append(key != nil)
        values.append(value)
    }

    package var count: Int { values.count }

    /// What the records hold, and what it takes to hold them.
    package var byteCount: Int {
        keys.arena.count + values.arena.count + headerByteCount + count * Self.bytesPerRecord
    }

    /// Of the keys and values from one record on.
    func byteCount(from first: Int) -> Int {
        let passed = first == 0 ? 0 : keys.ends[first - 1] + values.ends[first - 1]
        return keys.arena.count + values.arena.count - passed
    }

    private static let bytesPerRecord = 2 * MemoryLayout<Int>.size + 1
}

/// Where an append's records of one bucket stand in the log.
package struct AppendedRange: Hashable, Sendable {
    package let bucket: Int
    package let start: Int64
    /// One past the last record: where a reader who has seen them goes on.
    package let end: Int64
    /// Microseconds since 1970.
    package let appendTime: Int64
}
