/// A place in a bucket of a category: the offset of the next record to be read or applied.
///
/// An append returns where the buckets end that took its records, and `ReadOptions.waitingFor` takes that.
public struct CategoryPosition: Hashable, Sendable {
    public let category: String
    public let bucket: Int
    public let offset: Int64

    public init(category: String, bucket: Int, offset: Int64) {
        self.category = category
        self.bucket = bucket
        self.offset = offset
    }
}
