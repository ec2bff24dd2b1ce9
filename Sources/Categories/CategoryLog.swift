/// The log of one category at one moment: its spans, oldest first, and where its buckets end.
struct CategoryLog: Sendable {
    let category: UInt32
    var spans: [Span] = []
    /// By bucket; a bucket beyond them is empty.
    var ends: [BucketEnd] = []

    init(category: UInt32) {
        self.category = category
    }

    func end(ofBucket bucket: Int) -> BucketEnd {
        ends.indices.contains(bucket) ? ends[bucket] : BucketEnd()
    }

    mutating func setEnd(_ end: BucketEnd, ofBucket bucket: Int) {
        while ends.count <= bucket { ends.append(BucketEnd()) }
        ends[bucket] = end
    }

    /// The first offset that is kept.
    func start(ofBucket bucket: Int) -> Int64 {
        bucket >= 0 ? spans.first?.start(ofBucket: bucket).offset ?? 0 : 0
    }

    /// The span that has the record at `offset`, which must be kept.
    func span(ofBucket bucket: Int, offset: Int64) -> Int? {
        spans.lastIndex { $0.start(ofBucket: bucket).offset <= offset }
    }
}
