internal import Bytes
internal import Categories

/// Records on their way to an output category: one append.
struct OutputChunk: Sendable {
    /// A chunk takes no more records when it has so many bytes.
    static let fullByteCount = 1 << 20

    private let bucketCount: Int
    /// By bucket of the output category; nil where it has none.
    private var buckets: [BucketRecords?]
    private var sequences: [[Int64]]
    private(set) var byteCount = 0
    private(set) var count = 0

    init(bucketCount: Int) {
        self.bucketCount = bucketCount
        buckets = [BucketRecords?](repeating: nil, count: bucketCount)
        sequences = [[Int64]](repeating: [], count: bucketCount)
    }

    var isFull: Bool { byteCount >= Self.fullByteCount }

    /// Sequences ascend. Records go to the buckets that a client would send them to; those without a key share the first.
    mutating func append(
        key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer, sequence: Int64, headers: [RecordHeader] = []
    ) {
        let bucket = key.map { Bytes.bucket(ofRecordKey: $0, buckets: bucketCount) } ?? 0
        var records = buckets[bucket].take() ?? BucketRecords(bucket: bucket)
        records.append(key: key, value: value, headers: headers)
        buckets[bucket] = records
        sequences[bucket].append(sequence)
        byteCount += value.count + (key?.count ?? 0) + 64
        count += 1
    }

    var records: [BucketRecords] { buckets.compactMap { $0 } }

    /// For each of `records`.
    func producer(_ id: [UInt8]) -> ProducerSequence {
        // Nobody else has the id, and what the log knows of it has to outlive this process: the epoch is always the first.
        ProducerSequence(id: id, epoch: 1, numbering: .records(sequences.filter { !$0.isEmpty }))
    }
}
